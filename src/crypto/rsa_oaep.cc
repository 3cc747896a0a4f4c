#include "crypto/rsa_oaep.h"

#include <fmt/format.h>

#include "crypto/key_fields.h"

namespace kagimori {
namespace {

HashAlgorithm hash_of(OaepHash hash) { return hash == OaepHash::kSha1 ? HashAlgorithm::kSha1 : HashAlgorithm::kSha256; }

Status require_rsa(KeyPairSpec spec) {
  const KeyPairInfo& info = key_pair_info(spec);
  if (info.family == KeyPairFamily::kRsa) return {};
  return fail(ErrorCode::kCrypto, fmt::format("RSAES-OAEP takes an RSA key, not one of {}.", info.name));
}

enum class Direction : std::uint8_t { kEncrypt, kDecrypt };

Result<openssl::KeyContext> oaep_context(OSSL_LIB_CTX* library, EVP_PKEY* key, OaepHash hash, Direction direction) {
  openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(library, key, nullptr));
  char* const hash_name = const_cast<char*>(openssl::digest_name(hash_of(hash)));
  const std::array<OSSL_PARAM, 4> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, const_cast<char*>(OSSL_PKEY_RSA_PAD_MODE_OAEP),
                                       0),
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, hash_name, 0),
      OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, hash_name, 0), OSSL_PARAM_construct_end()};
  const auto init = direction == Direction::kEncrypt ? EVP_PKEY_encrypt_init_ex : EVP_PKEY_decrypt_init_ex;
  if (!context || init(context.get(), params.data()) != 1) return openssl::failure("set up RSAES-OAEP");
  return context;
}

}  // namespace

std::size_t rsa_oaep_max_message(KeyPairSpec spec, OaepHash hash) {
  const std::size_t modulus = key_pair_info(spec).modulus;
  return modulus == 0 ? 0 : modulus - 2 * digest_size(hash_of(hash)) - 2;
}

Result<Bytes> rsa_oaep_encrypt(CryptoContext& crypto, const PublicKey& key, OaepHash hash, ByteView message) {
  TRY(require_rsa(key.spec()));
  if (message.size() > rsa_oaep_max_message(key.spec(), hash)) {
    return fail(ErrorCode::kCrypto, fmt::format("RSAES-OAEP with this key and hash encrypts at most {} bytes, not {}.",
                                                rsa_oaep_max_message(key.spec(), hash), message.size()));
  }
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  TRY_ASSIGN(const openssl::KeyContext context, oaep_context(crypto.library(), local.get(), hash, Direction::kEncrypt));
  Bytes ciphertext(key_pair_info(key.spec()).modulus);
  std::size_t size = ciphertext.size();
  // A null message would ask for the size of the result.
  const std::uint8_t nothing = 0;
  if (EVP_PKEY_encrypt(context.get(), ciphertext.data(), &size, message.empty() ? &nothing : message.data(),
                       message.size()) != 1 ||
      size != ciphertext.size()) {
    return openssl::failure("encrypt by RSAES-OAEP");
  }
  return ciphertext;
}

Result<SecretBytes> rsa_oaep_decrypt(CryptoContext& crypto, const PrivateKey& key, OaepHash hash, ByteView ciphertext) {
  TRY(require_rsa(key.spec()));
  const std::size_t modulus = key_pair_info(key.spec()).modulus;
  // RFC 8017 section 7.1.2, step 1.
  if (ciphertext.size() != modulus) return fail(ErrorCode::kInvalidCiphertext);
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  TRY_ASSIGN(const openssl::KeyContext context, oaep_context(crypto.library(), local.get(), hash, Direction::kDecrypt));
  SecretBytes message(modulus);
  std::size_t size = message.size();
  const bool good = EVP_PKEY_decrypt(context.get(), message.expose_mutable().data(), &size, ciphertext.data(),
                                     ciphertext.size()) == 1;
  openssl::forget_errors();
  if (!good || size > message.size()) return fail(ErrorCode::kInvalidCiphertext);
  message.truncate(size);
  return message;
}

}  // namespace kagimori
