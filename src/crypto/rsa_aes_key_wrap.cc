#include "crypto/rsa_aes_key_wrap.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/keywrap.h"
#include "crypto/random.h"

namespace kagimori {

Result<Bytes> rsa_aes_key_wrap(CryptoContext& crypto, const PublicKey& key, OaepHash hash, ByteView material) {
  SecretBytes kek(kAes256KeySize);
  OpensslRandom(crypto).fill_private(kek.expose_mutable());
  TRY_ASSIGN(Bytes wrapped, rsa_oaep_encrypt(crypto, key, hash, kek.expose()));
  TRY_ASSIGN(const Bytes wrapped_material, aes_kwp_wrap(crypto, kek.expose(), material));
  wrapped.insert(wrapped.end(), wrapped_material.begin(), wrapped_material.end());
  return wrapped;
}

Result<SecretBytes> rsa_aes_key_unwrap(CryptoContext& crypto, const PrivateKey& key, OaepHash hash, ByteView wrapped) {
  const std::size_t modulus = key_pair_info(key.spec()).modulus;
  TRY_ASSIGN(const SecretBytes kek,
             rsa_oaep_decrypt(crypto, key, hash, wrapped.first(std::min(modulus, wrapped.size()))));
  if (kek.size() != kAes256KeySize) return fail(ErrorCode::kInvalidCiphertext);
  return aes_kwp_unwrap(crypto, kek.expose(), wrapped.subspan(modulus));
}

}  // namespace kagimori
