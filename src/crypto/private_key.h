#pragma once

#include "base/secret.h"
#include "crypto/public_key.h"

namespace kagimori {

// A private key with its public half, ready for use: the parameters lie in an OpenSSL object, in ordinary memory that
// is wiped when this is destroyed. It never changes after it was made, and several threads may use it at once, each
// with a CryptoContext of its own. The CryptoContext that it was made with must outlive it. Operations with another
// context copy it there for the call, which costs 10 to 50 microseconds: what is used often is made on its own thread.
class PrivateKey {
 public:
  // A new key; RSA with the public exponent 65537. Takes from 20 microseconds (P-256) to some seconds (RSA-4096).
  // kUnsupportedOperation when this OpenSSL lacks the kind, kCrypto if it fails.
  static Result<PrivateKey> generate(CryptoContext& crypto, KeyPairSpec spec);

  // An imported key: PKCS#8 in DER (RFC 5208, RFC 5958 of version 1 or 2; RFC 8017, 5915, 8410, 9881, 9935), which must
  // be of the expected kind and size, consistent in itself, and the whole of the input. RSA: two primes, and an
  // odd public exponent from 65537 to 2^256. ML-DSA and ML-KEM: the seed, the expanded key or both.
  // Takes up to some hundred milliseconds for RSA, whose primes are tested.
  // kCrypto with a sentence when it is not so; kUnsupportedOperation when this OpenSSL lacks the kind.
  static Result<PrivateKey> from_pkcs8(CryptoContext& crypto, KeyPairSpec expected, ByteView der);

  // PKCS#8 in DER, version 1 without attributes; ML-DSA and ML-KEM as the seed alone where it is known.
  Result<SecretBytes> pkcs8() const;

  // The stored form, docs/formats/private-key.md: quick to load, and only meant for bytes that are authenticated.
  // Sizes and kinds are checked, but not whether the parts belong together.
  // from_parameters: kNewerSchema for a form of a later release, kCorrupt for all else that is wrong;
  // kUnsupportedOperation when this OpenSSL lacks the kind.
  Result<SecretBytes> parameters() const;
  static Result<PrivateKey> from_parameters(CryptoContext& crypto, KeyPairSpec expected, ByteView parameters);

  // The public half as SubjectPublicKeyInfo in DER, and as a key of its own, which holds nothing private and belongs to
  // the CryptoContext given here.
  Result<Bytes> spki() const;
  Result<PublicKey> public_key(CryptoContext& crypto) const;

  KeyPairSpec spec() const { return spec_; }

  // For crypto/ only. OpenSSL takes keys that it does not change without const.
  PrivateKey(KeyPairSpec spec, KeyHandle handle, ossl_lib_ctx_st* library);
  evp_pkey_st* handle() const { return handle_.get(); }
  ossl_lib_ctx_st* library() const { return library_; }

 private:
  KeyPairSpec spec_;
  KeyHandle handle_;
  ossl_lib_ctx_st* library_;
};

}  // namespace kagimori
