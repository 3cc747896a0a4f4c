#include "crypto/sm2_encryption.h"

#include <fmt/format.h>

#include "crypto/der.h"
#include "crypto/key_fields.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxMessage = 4096;
constexpr std::size_t kMaxOverhead = 256;  // two coordinates, a hash, and their tags; 104 to 110 bytes

Status require_sm2(KeyPairSpec spec) {
  if (spec == KeyPairSpec::kSm2) return {};
  return fail(ErrorCode::kCrypto,
              fmt::format("SM2 encryption takes an SM2 key, not one of {}.", key_pair_info(spec).name));
}

// OpenSSL reads BER, and takes no notice of what follows it.
Status check_structure(ByteView ciphertext) {
  der::Reader outer(ciphertext);
  TRY_ASSIGN(der::Reader reader, outer.enter(der::kSequence));
  TRY(outer.expect_end());
  TRY(reader.unsigned_integer());
  TRY(reader.unsigned_integer());
  TRY(reader.element(der::kOctetString));
  TRY(reader.element(der::kOctetString));
  return reader.expect_end();
}

}  // namespace

Result<Bytes> sm2_encrypt(CryptoContext& crypto, const PublicKey& key, ByteView message) {
  TRY(require_sm2(key.spec()));
  if (message.empty() || message.size() > kMaxMessage) {
    return fail(ErrorCode::kCrypto,
                fmt::format("SM2 encrypts messages of 1 to {} bytes, not {}.", kMaxMessage, message.size()));
  }
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto.library(), local.get(), nullptr));
  Bytes ciphertext(message.size() + kMaxOverhead);
  std::size_t size = ciphertext.size();
  if (!context || EVP_PKEY_encrypt_init_ex(context.get(), nullptr) != 1 ||
      EVP_PKEY_encrypt(context.get(), ciphertext.data(), &size, message.data(), message.size()) != 1 ||
      size > ciphertext.size()) {
    return openssl::failure("encrypt by SM2");
  }
  ciphertext.resize(size);
  return ciphertext;
}

Result<SecretBytes> sm2_decrypt(CryptoContext& crypto, const PrivateKey& key, ByteView ciphertext) {
  TRY(require_sm2(key.spec()));
  if (ciphertext.size() > kMaxMessage + kMaxOverhead || !check_structure(ciphertext)) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto.library(), local.get(), nullptr));
  if (!context || EVP_PKEY_decrypt_init_ex(context.get(), nullptr) != 1) return openssl::failure("set up SM2");
  SecretBytes message(ciphertext.size());
  std::size_t size = message.size();
  const bool good = EVP_PKEY_decrypt(context.get(), message.expose_mutable().data(), &size, ciphertext.data(),
                                     ciphertext.size()) == 1;
  openssl::forget_errors();
  if (!good || size == 0 || size > message.size()) return fail(ErrorCode::kInvalidCiphertext);
  message.truncate(size);
  return message;
}

}  // namespace kagimori
