#pragma once

#include <memory>

#include "base/bytes.h"
#include "crypto/context.h"
#include "crypto/key_pair_spec.h"

struct evp_pkey_st;  // EVP_PKEY

namespace kagimori {

// For crypto/ only: an EVP_PKEY with its owner.
struct FreeKeyHandle {
  void operator()(evp_pkey_st* handle) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKeyHandle>;

// The public half of a key pair. It never changes after it was made, and several threads may use it at once, each with
// a CryptoContext of its own (see PrivateKey). The CryptoContext that it was made with must outlive it.
class PublicKey {
 public:
  // From a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1; RFC 3279, 5480, 8410, 9881, 9935), which must be of the
  // expected kind and size, a valid key (a point on the curve, an RSA modulus of the exact size with an odd exponent
  // from 65537 to 2^256), and the whole of the input. Elliptic-curve points may be compressed, curves must be named.
  // kCrypto with a sentence when it is not; kUnsupportedOperation when this OpenSSL lacks the kind.
  static Result<PublicKey> from_spki(CryptoContext& crypto, KeyPairSpec expected, ByteView der);

  // The same form; points uncompressed. kCrypto if OpenSSL fails.
  Result<Bytes> spki() const;

  KeyPairSpec spec() const { return spec_; }

  // For crypto/ only. OpenSSL takes keys that it does not change without const.
  PublicKey(KeyPairSpec spec, KeyHandle handle, ossl_lib_ctx_st* library);
  evp_pkey_st* handle() const { return handle_.get(); }
  ossl_lib_ctx_st* library() const { return library_; }

 private:
  KeyPairSpec spec_;
  KeyHandle handle_;
  ossl_lib_ctx_st* library_;
};

}  // namespace kagimori
