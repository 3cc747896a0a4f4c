#include "crypto/key_pair_spec.h"

#include <fmt/format.h>

#include "crypto/key_handles.h"

namespace kagimori {
namespace {

struct Kind {
  KeyPairInfo info;
  const char* algorithm;  // OpenSSL's name of the key type
  const char* group;      // of the curve
  int curve_nid;
};

constexpr std::size_t kMaxEcdsaOverhead = 9;  // of DER: SEQUENCE with a long length, twice INTEGER with a leading zero

constexpr Kind rsa(std::string_view name, std::size_t modulus) {
  return {{KeyPairFamily::kRsa, name, modulus, 0, 0, 0, 0, modulus, 0}, "RSA", nullptr, NID_undef};
}
constexpr Kind curve(KeyPairFamily family, std::string_view name, std::size_t field, const char* algorithm,
                     const char* group, int nid) {
  return {{family, name, 0, field, 2 * field + 1, 0, 0, 2 * field + kMaxEcdsaOverhead, 0}, algorithm, group, nid};
}
constexpr Kind ml_dsa(const char* name, std::size_t public_key, std::size_t expanded, std::size_t signature) {
  return {{KeyPairFamily::kMlDsa, name, 0, 0, public_key, 32, expanded, signature, 0}, name, nullptr, NID_undef};
}
constexpr Kind ml_kem(const char* name, std::size_t public_key, std::size_t expanded, std::size_t ciphertext) {
  return {{KeyPairFamily::kMlKem, name, 0, 0, public_key, 64, expanded, 0, ciphertext}, name, nullptr, NID_undef};
}

// In the order of KeyPairSpec's numbers. Sizes: FIPS 204 table 2, FIPS 203 table 3.
constexpr std::array<Kind, kAllKeyPairSpecs.size()> kKinds = {{
    rsa("RSA-2048", 256),
    rsa("RSA-3072", 384),
    rsa("RSA-4096", 512),
    curve(KeyPairFamily::kEc, "P-256", 32, "EC", "P-256", NID_X9_62_prime256v1),
    curve(KeyPairFamily::kEc, "P-384", 48, "EC", "P-384", NID_secp384r1),
    curve(KeyPairFamily::kEc, "P-521", 66, "EC", "P-521", NID_secp521r1),
    curve(KeyPairFamily::kEc, "secp256k1", 32, "EC", "secp256k1", NID_secp256k1),
    {{KeyPairFamily::kEd25519, "Ed25519", 0, 0, 32, 32, 0, 64, 0}, "ED25519", nullptr, NID_undef},
    curve(KeyPairFamily::kSm2, "SM2", 32, "SM2", "SM2", NID_sm2),
    ml_dsa("ML-DSA-44", 1312, 2560, 2420),
    ml_dsa("ML-DSA-65", 1952, 4032, 3309),
    ml_dsa("ML-DSA-87", 2592, 4896, 4627),
    ml_kem("ML-KEM-512", 800, 1632, 768),
    ml_kem("ML-KEM-768", 1184, 2400, 1088),
    ml_kem("ML-KEM-1024", 1568, 3168, 1568),
}};

const Kind& kind(KeyPairSpec spec) { return kKinds.at(static_cast<std::size_t>(spec) - 1); }

bool has_kind(OSSL_LIB_CTX* library, const Kind& wanted) {
  const openssl::KeyManagement type(EVP_KEYMGMT_fetch(library, wanted.algorithm, nullptr));
  if (!type || wanted.curve_nid == NID_undef) return type != nullptr;
  return openssl::Group(EC_GROUP_new_by_curve_name_ex(library, nullptr, wanted.curve_nid)) != nullptr;
}

bool has_ed25519ph(OSSL_LIB_CTX* library) {
  const openssl::Signature signature(EVP_SIGNATURE_fetch(library, "ED25519", nullptr));
  const OSSL_PARAM* const params = signature ? EVP_SIGNATURE_settable_ctx_params(signature.get()) : nullptr;
  return params != nullptr && OSSL_PARAM_locate_const(params, openssl::kInstanceParam) != nullptr;
}

}  // namespace

const KeyPairInfo& key_pair_info(KeyPairSpec spec) { return kind(spec).info; }

const char* openssl::algorithm_name(KeyPairSpec spec) { return kind(spec).algorithm; }
const char* openssl::group_name(KeyPairSpec spec) { return kind(spec).group; }
int openssl::curve_nid(KeyPairSpec spec) { return kind(spec).curve_nid; }

KeyPairSupport openssl::find_key_pairs(OSSL_LIB_CTX* library) {
  KeyPairSupport found;
  for (std::size_t i = 0; i < kKinds.size(); ++i) found.specs.at(i) = has_kind(library, kKinds.at(i));
  found.ed25519ph = has_ed25519ph(library);
  openssl::forget_errors();
  return found;
}

bool supports(const CryptoContext& crypto, KeyPairSpec spec) {
  return crypto.algorithms().key_pairs.specs.at(static_cast<std::size_t>(spec) - 1);
}

bool supports_ed25519ph(const CryptoContext& crypto) { return crypto.algorithms().key_pairs.ed25519ph; }

std::string loaded_openssl() { return fmt::format("OpenSSL {}", OpenSSL_version(OPENSSL_VERSION_STRING)); }

Status require_support(const CryptoContext& crypto, KeyPairSpec spec) {
  if (supports(crypto, spec)) return {};
  const KeyPairInfo& info = key_pair_info(spec);
  const bool is_post_quantum = info.family == KeyPairFamily::kMlDsa || info.family == KeyPairFamily::kMlKem;
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("This server runs with {}, which has no {}{}.", loaded_openssl(), info.name,
                          is_post_quantum ? "; that needs OpenSSL 3.5 or later, as in Debian 13" : ""));
}

}  // namespace kagimori
