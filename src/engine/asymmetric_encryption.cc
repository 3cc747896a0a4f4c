#include "engine/asymmetric_encryption.h"

#include <fmt/format.h>

#include "crypto/rsa_oaep.h"
#include "crypto/sm2_encryption.h"
#include "engine/key_material.h"

namespace kagimori {
namespace {

constexpr std::string_view kSm2 = "SM2PKE";
constexpr std::size_t kMaxSm2Plaintext = 1024;

OaepHash oaep_hash(std::string_view algorithm) {
  return algorithm == "RSAES_OAEP_SHA_1" ? OaepHash::kSha1 : OaepHash::kSha256;
}

}  // namespace

Status check_plaintext_size(const KeyType& type, std::string_view algorithm, std::size_t bytes) {
  const std::size_t max =
      algorithm == kSm2 ? kMaxSm2Plaintext : rsa_oaep_max_message(*key_pair_spec(type), oaep_hash(algorithm));
  if (bytes <= max) return {};
  return fail(ErrorCode::kValidation,
              fmt::format("Algorithm {} and key spec {} cannot encrypt data larger than {} bytes.", algorithm,
                          aws_key_spec(type), max));
}

Result<Bytes> encrypt_asymmetric(CryptoContext& crypto, const PublicKey& key, std::string_view algorithm,
                                 ByteView plaintext) {
  if (algorithm == kSm2) return sm2_encrypt(crypto, key, plaintext);
  return rsa_oaep_encrypt(crypto, key, oaep_hash(algorithm), plaintext);
}

Result<SecretBytes> decrypt_asymmetric(CryptoContext& crypto, const PrivateKey& key, std::string_view algorithm,
                                       ByteView ciphertext) {
  if (algorithm == kSm2) return sm2_decrypt(crypto, key, ciphertext);
  return rsa_oaep_decrypt(crypto, key, oaep_hash(algorithm), ciphertext);
}

}  // namespace kagimori
