#include "crypto/kem.h"

#include <fmt/format.h>

#include "crypto/key_fields.h"

namespace kagimori {
namespace {

Status require_kem(KeyPairSpec spec) {
  const KeyPairInfo& info = key_pair_info(spec);
  if (info.family == KeyPairFamily::kMlKem) return {};
  return fail(ErrorCode::kCrypto, fmt::format("Key encapsulation takes an ML-KEM key, not one of {}.", info.name));
}

}  // namespace

Result<Encapsulation> encapsulate(CryptoContext& crypto, const PublicKey& key) {
  TRY(require_kem(key.spec()));
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto.library(), local.get(), nullptr));
  Encapsulation result{Bytes(key_pair_info(key.spec()).kem_ciphertext), SecretBytes(kKemSecretSize)};
  std::size_t ciphertext_size = result.ciphertext.size();
  std::size_t secret_size = result.secret.size();
  if (!context || EVP_PKEY_encapsulate_init(context.get(), nullptr) != 1 ||
      EVP_PKEY_encapsulate(context.get(), result.ciphertext.data(), &ciphertext_size,
                           result.secret.expose_mutable().data(), &secret_size) != 1 ||
      ciphertext_size != result.ciphertext.size() || secret_size != result.secret.size()) {
    return openssl::failure("encapsulate a secret");
  }
  return result;
}

Result<SecretBytes> decapsulate(CryptoContext& crypto, const PrivateKey& key, ByteView ciphertext) {
  TRY(require_kem(key.spec()));
  if (ciphertext.size() != key_pair_info(key.spec()).kem_ciphertext) return fail(ErrorCode::kInvalidCiphertext);
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto.library(), local.get(), nullptr));
  SecretBytes secret(kKemSecretSize);
  std::size_t size = secret.size();
  if (!context || EVP_PKEY_decapsulate_init(context.get(), nullptr) != 1 ||
      EVP_PKEY_decapsulate(context.get(), secret.expose_mutable().data(), &size, ciphertext.data(),
                           ciphertext.size()) != 1 ||
      size != secret.size()) {
    return openssl::failure("decapsulate a secret");
  }
  return secret;
}

}  // namespace kagimori
