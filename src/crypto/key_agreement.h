#pragma once

#include "base/secret.h"
#include "crypto/private_key.h"

namespace kagimori {

// Elliptic-curve Diffie-Hellman (SP 800-56A section 5.7.1.2): the x coordinate of the shared point, always as long as
// the curve's field, without a key derivation. Curves of the family kEc, and SM2.
// kCrypto when the keys are of other kinds or of different curves, or OpenSSL fails.
Result<SecretBytes> ecdh(CryptoContext& crypto, const PrivateKey& key, const PublicKey& peer);

}  // namespace kagimori
