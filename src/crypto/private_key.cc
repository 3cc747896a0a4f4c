#include "crypto/private_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/key_der.h"
#include "crypto/private_key_form.h"

namespace kagimori {
namespace {

constexpr unsigned int kRsaExponent = 65537;

tl::unexpected<Error> wrong(std::string detail) { return fail(ErrorCode::kCorrupt, std::move(detail)); }

Status set_up_generation(EVP_PKEY_CTX* context, KeyPairSpec spec) {
  const std::size_t modulus = key_pair_info(spec).modulus;
  std::size_t bits = modulus * 8;
  unsigned int exponent = kRsaExponent;
  std::array<OSSL_PARAM, 3> params = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
                                      OSSL_PARAM_construct_end()};
  if (modulus != 0) {
    params[0] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits);
    params[1] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent);
  } else if (openssl::group_name(spec) != nullptr) {
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(openssl::group_name(spec)), 0);
  }
  if (EVP_PKEY_CTX_set_params(context, params.data()) != 1) return openssl::failure("prepare to make a key");
  return {};
}

bool same(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

// Whether the parts of an imported key belong together.
Status check_consistency(OSSL_LIB_CTX* library, KeyPairSpec spec, EVP_PKEY* key, const KeyFields& stated) {
  const KeyPairInfo& info = key_pair_info(spec);
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(library, key, nullptr));
  if (!context) return openssl::failure("prepare to check a key");
  const bool good = EVP_PKEY_check(context.get()) == 1;
  openssl::forget_errors();
  if (!good) return wrong("its parts don't belong together");
  if (info.expanded_key == 0 && info.family != KeyPairFamily::kEd25519) return {};

  // What OpenSSL made of the seed or the expanded key alone, against what else the encoding says.
  TRY_ASSIGN(const OwnedKeyFields actual, read_fields(spec, KeyHalf::kPrivate, key, true));
  const bool public_key_fits = stated.public_key.empty() || same(stated.public_key, actual.fields.public_key);
  const bool expanded_key_fits =
      stated.expanded_key.empty() || constant_time_equal(stated.expanded_key, actual.fields.expanded_key);
  if (!public_key_fits || !expanded_key_fits) return wrong("its parts don't belong together");
  return {};
}

// From DER to OpenSSL's object; the errors are parts of a sentence.
Result<KeyHandle> import(CryptoContext& crypto, KeyPairSpec spec, ByteView der) {
  TRY_ASSIGN(const KeyFields stated, parse_pkcs8(spec, der));
  KeyFields used = stated;
  Bytes point;
  if (key_pair_info(spec).field == 0) {
    used.public_key = {};
  } else if (stated.public_key.empty()) {
    TRY_ASSIGN(point, derive_point(crypto, spec, stated.secret));
    used.public_key = point;
  }
  TRY_ASSIGN(KeyHandle handle, make_key(crypto, spec, KeyHalf::kPrivate, used));
  TRY(check_consistency(crypto.library(), spec, handle.get(), stated));
  return handle;
}

Result<KeyHandle> load(CryptoContext& crypto, KeyPairSpec spec, ByteView parameters) {
  TRY_ASSIGN(const KeyFields fields, parse_private_key_form(spec, parameters));
  return make_key(crypto, spec, KeyHalf::kPrivate, fields);
}

}  // namespace

PrivateKey::PrivateKey(KeyPairSpec spec, KeyHandle handle, ossl_lib_ctx_st* library)
    : spec_(spec), handle_(std::move(handle)), library_(library) {}

Result<PrivateKey> PrivateKey::generate(CryptoContext& crypto, KeyPairSpec spec) {
  TRY(require_support(crypto, spec));
  const openssl::KeyContext context(
      EVP_PKEY_CTX_new_from_name(crypto.library(), openssl::algorithm_name(spec), nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1) return openssl::failure("prepare to make a key");
  TRY(set_up_generation(context.get(), spec));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_generate(context.get(), &key) != 1) {
    return openssl::failure(fmt::format("make a key of {}", key_pair_info(spec).name));
  }
  return PrivateKey(spec, KeyHandle(key), crypto.library());
}

Result<PrivateKey> PrivateKey::from_pkcs8(CryptoContext& crypto, KeyPairSpec expected, ByteView der) {
  TRY(require_support(crypto, expected));
  Result<KeyHandle> handle = import(crypto, expected, der);
  if (handle) return PrivateKey(expected, *std::move(handle), crypto.library());
  if (handle.error().code != ErrorCode::kCorrupt) return fail(std::move(handle).error());
  return fail(ErrorCode::kCrypto, fmt::format("The private key is not {} in the form of PKCS#8 in DER: {}.",
                                              key_pair_info(expected).name, handle.error().message));
}

Result<PrivateKey> PrivateKey::from_parameters(CryptoContext& crypto, KeyPairSpec expected, ByteView parameters) {
  TRY(require_support(crypto, expected));
  Result<KeyHandle> handle = load(crypto, expected, parameters);
  if (handle) return PrivateKey(expected, *std::move(handle), crypto.library());
  const ErrorCode code = handle.error().code;
  if (code != ErrorCode::kCorrupt && code != ErrorCode::kNewerSchema) return fail(std::move(handle).error());
  return fail(code, fmt::format("A stored private key can't be used as {}: {}.", key_pair_info(expected).name,
                                handle.error().message));
}

Result<SecretBytes> PrivateKey::pkcs8() const {
  TRY_ASSIGN(const OwnedKeyFields key, read_fields(spec_, KeyHalf::kPrivate, handle()));
  return write_pkcs8(spec_, key.fields);
}

Result<SecretBytes> PrivateKey::parameters() const {
  TRY_ASSIGN(const OwnedKeyFields key, read_fields(spec_, KeyHalf::kPrivate, handle()));
  return write_private_key_form(spec_, key.fields);
}

Result<Bytes> PrivateKey::spki() const {
  TRY_ASSIGN(const OwnedKeyFields key, read_fields(spec_, KeyHalf::kPublic, handle()));
  return write_spki(spec_, key.fields);
}

Result<PublicKey> PrivateKey::public_key(CryptoContext& crypto) const {
  TRY_ASSIGN(const OwnedKeyFields key, read_fields(spec_, KeyHalf::kPublic, handle()));
  TRY_ASSIGN(KeyHandle handle, make_key(crypto, spec_, KeyHalf::kPublic, key.fields));
  return PublicKey(spec_, std::move(handle), crypto.library());
}

}  // namespace kagimori
