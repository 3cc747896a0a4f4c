#include "engine/new_access_key.h"

#include "base/encoding.h"

namespace kagimori {

Result<NewAccessKey> make_access_key(Keyrings& keyrings, CryptoContext& crypto, RandomSource& random,
                                     std::string_view account, std::string_view user_id, Timestamp now) {
  NewAccessKey made;
  made.record.access_key_id = make_access_key_id(random);
  made.record.account = account;
  made.record.user_id = user_id;
  made.record.created = now;
  SecretBytes entropy(kSecretAccessKeySize / 4 * 3);
  random.fill_private(entropy.expose_mutable());
  made.secret = SecretBytes(kSecretAccessKeySize);
  base64_encode_into(entropy.expose(), made.secret.expose_mutable());
  TRY_ASSIGN(made.record.secret, keyrings.wrap(crypto, material_binding(made.record), made.secret.expose()));
  return made;
}

}  // namespace kagimori
