#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/private_key.h"

namespace kagimori {

enum class SignatureScheme : std::uint8_t {
  kPssSha256,  // RSASSA-PSS (RFC 8017 section 8.1): MGF1 with the same hash, a salt as long as the hash
  kPssSha384,
  kPssSha512,
  kPkcs1Sha256,  // RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2)
  kPkcs1Sha384,
  kPkcs1Sha512,
  kEcdsaSha256,  // FIPS 186-5 section 6, any curve of the family kEc; the signature in DER (RFC 3279 section 2.2.3)
  kEcdsaSha384,
  kEcdsaSha512,
  kSm2dsa,         // GB/T 32918.2 with SM3 and the distinguishing identifier 1234567812345678; the signature in DER
  kMlDsaShake256,  // pure ML-DSA (FIPS 204 section 5.2) with an empty context, hedged
  kEd25519,        // RFC 8032 section 5.1
  kEd25519ph,      // RFC 8032 section 5.1 with an empty context
};

// What the message is.
enum class MessageForm : std::uint8_t {
  kRaw,         // the message itself
  kDigest,      // its digest; of SM2DSA the one that covers the signer's identifier too. With Ed25519ph the digest *is*
                // the message, and is hashed once more (AWS KMS developer guide, "ED25519_PH_SHA_512")
  kExternalMu,  // the 64 bytes mu of ML-DSA (FIPS 204 section 6.2)
};

// Bytes of a message in the form kDigest or kExternalMu; 0 when the scheme takes raw messages only.
std::size_t digest_bytes(SignatureScheme scheme);
// Whether keys of this kind sign by this scheme.
bool fits(KeyPairSpec spec, SignatureScheme scheme);
// Whether the scheme takes messages in this form.
bool fits(SignatureScheme scheme, MessageForm form);

// kCrypto when key, scheme, form and size of the message don't fit together, or OpenSSL fails; kUnsupportedOperation
// when this OpenSSL lacks the scheme (Ed25519ph before 3.2).
Result<Bytes> sign(CryptoContext& crypto, const PrivateKey& key, SignatureScheme scheme, MessageForm form,
                   ByteView message);

// False for every signature that is not one of this key over this message, also when it is malformed; DER must be
// strict. Errors as above.
Result<bool> verify(CryptoContext& crypto, const PublicKey& key, SignatureScheme scheme, MessageForm form,
                    ByteView message, ByteView signature);

}  // namespace kagimori
