#include "crypto/context.h"

#include "crypto/key_handles.h"

namespace kagimori {
namespace {

constexpr std::array kDigests = {HashAlgorithm::kSha1, HashAlgorithm::kSha224, HashAlgorithm::kSha256,
                                 HashAlgorithm::kSha384, HashAlgorithm::kSha512};
constexpr std::array kWrapNames = {"AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP"};
constexpr std::array kWrapPadNames = {"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"};

template <typename Handle, typename Fetch>
Status fetch(Handle& into, Fetch* fetch_function, OSSL_LIB_CTX* library, const char* name) {
  into.reset(fetch_function(library, name, nullptr));
  if (!into) return openssl::failure(std::string("find ") + name);
  return {};
}

Status fetch_all(CryptoContext::Algorithms& a) {
  OSSL_LIB_CTX* const library = a.library.get();
  for (const HashAlgorithm algorithm : kDigests) {
    auto& digest = a.digests[static_cast<std::size_t>(algorithm)];
    TRY(fetch(digest, EVP_MD_fetch, library, openssl::digest_name(algorithm)));
  }
  TRY(fetch(a.hmac, EVP_MAC_fetch, library, "HMAC"));
  TRY(fetch(a.hkdf, EVP_KDF_fetch, library, "HKDF"));
  TRY(fetch(a.ctr_drbg, EVP_RAND_fetch, library, "CTR-DRBG"));
  TRY(fetch(a.aes256gcm, EVP_CIPHER_fetch, library, "AES-256-GCM"));
  TRY(fetch(a.aes256cbc, EVP_CIPHER_fetch, library, "AES-256-CBC"));
  for (std::size_t i = 0; i < kWrapNames.size(); ++i) {
    TRY(fetch(a.aes_kw[i], EVP_CIPHER_fetch, library, kWrapNames[i]));
    TRY(fetch(a.aes_kwp[i], EVP_CIPHER_fetch, library, kWrapPadNames[i]));
  }
  a.key_pairs = openssl::find_key_pairs(library);
  return {};
}

Status make_scratch(CryptoContext::Algorithms& a) {
  a.sha256_scratch.reset(EVP_MD_CTX_new());
  a.gcm_scratch.reset(EVP_CIPHER_CTX_new());
  if (!a.sha256_scratch || !a.gcm_scratch ||
      EVP_DigestInit_ex2(a.sha256_scratch.get(), a.digest(HashAlgorithm::kSha256), nullptr) != 1) {
    return openssl::failure("make the contexts of a thread");
  }
  return {};
}

}  // namespace

// The default provider alone, and no openssl.cnf: what the server computes must not depend on a file of the machine.
Result<std::unique_ptr<CryptoContext>> CryptoContext::create() {
  auto algorithms = std::make_unique<Algorithms>();
  algorithms->library.reset(OSSL_LIB_CTX_new());
  if (!algorithms->library) return openssl::failure("make a library context");
  algorithms->provider.reset(OSSL_PROVIDER_load(algorithms->library.get(), "default"));
  if (!algorithms->provider) return openssl::failure("load its default provider");
  TRY(fetch_all(*algorithms));
  TRY(make_scratch(*algorithms));
  return std::unique_ptr<CryptoContext>(new CryptoContext(std::move(algorithms)));
}

CryptoContext::CryptoContext(std::unique_ptr<Algorithms> algorithms) : algorithms_(std::move(algorithms)) {}
CryptoContext::~CryptoContext() = default;

ossl_lib_ctx_st* CryptoContext::library() const { return algorithms_->library.get(); }

}  // namespace kagimori
