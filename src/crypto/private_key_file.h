#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/context.h"

namespace kagimori {

// A private key as people keep it in a file: PEM or DER; PKCS #8 (RFC 5958), encrypted or not, PKCS #1 (RFC 8017) or
// SEC 1 (RFC 5915). The answer is PKCS #8 in DER, unencrypted; PrivateKey::from_pkcs8 says whether it is a good key.
// `passphrase` is asked at most once, and only for a file that is encrypted. kCrypto, with a sentence, when there is no
// private key in the file or the passphrase does not fit.
// OpenSSL's decoders do the work and leave copies in its memory: for a program that ends soon, never for the server.
using AskPassphrase = std::function<Result<SecretBytes>()>;
Result<SecretBytes> pkcs8_of_file(CryptoContext& crypto, ByteView file, const AskPassphrase& passphrase);

}  // namespace kagimori
