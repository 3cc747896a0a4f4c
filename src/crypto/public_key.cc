#include "crypto/public_key.h"

#include <fmt/format.h>

#include "crypto/key_der.h"

namespace kagimori {
namespace {

// From DER to OpenSSL's object; the errors are parts of a sentence.
Result<KeyHandle> load(CryptoContext& crypto, KeyPairSpec spec, ByteView der) {
  TRY_ASSIGN(const KeyFields fields, parse_spki(spec, der));
  return make_key(crypto, spec, KeyHalf::kPublic, fields);
}

}  // namespace

void FreeKeyHandle::operator()(evp_pkey_st* handle) const { EVP_PKEY_free(handle); }

PublicKey::PublicKey(KeyPairSpec spec, KeyHandle handle, ossl_lib_ctx_st* library)
    : spec_(spec), handle_(std::move(handle)), library_(library) {}

Result<PublicKey> PublicKey::from_spki(CryptoContext& crypto, KeyPairSpec expected, ByteView der) {
  TRY(require_support(crypto, expected));
  Result<KeyHandle> handle = load(crypto, expected, der);
  if (handle) return PublicKey(expected, *std::move(handle), crypto.library());
  if (handle.error().code != ErrorCode::kCorrupt) return fail(std::move(handle).error());
  return fail(ErrorCode::kCrypto, fmt::format("The public key is not a SubjectPublicKeyInfo of {} in DER: {}.",
                                              key_pair_info(expected).name, handle.error().message));
}

Result<Bytes> PublicKey::spki() const {
  TRY_ASSIGN(const OwnedKeyFields key, read_fields(spec_, KeyHalf::kPublic, handle()));
  return write_spki(spec_, key.fields);
}

}  // namespace kagimori
