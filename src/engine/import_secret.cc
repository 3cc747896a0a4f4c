#include "engine/import_secret.h"

#include "base/encoding.h"
#include "crypto/hmac.h"
#include "engine/key_material.h"
#include "seal/sealed_box.h"

namespace kagimori {

std::uint8_t import_secret_index(const KeyType& type) { return key_pair_spec(type) ? 2 : 1; }

Result<SecretBytes> derive_import_key(CryptoContext& crypto, const SecretBytes& secret, const Key& key,
                                      ImportSecretUse use) {
  const bool token = use == ImportSecretUse::kToken;
  return derive_key(crypto, secret.expose(), token ? "kagimori import token key 1" : "kagimori import material id 1",
                    ByteWriter().sized(key.account).sized(key.key_id).bytes());
}

Result<std::string> imported_material_id(CryptoContext& crypto, const SecretBytes& secret, const Key& key,
                                         ByteView identity) {
  TRY_ASSIGN(const SecretBytes id_key, derive_import_key(crypto, secret, key, ImportSecretUse::kMaterialId));
  return hex_encode(hmac_sha256(crypto, id_key.expose(), {identity}));
}

}  // namespace kagimori
