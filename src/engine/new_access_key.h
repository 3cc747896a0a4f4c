#pragma once

#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "model/identity.h"
#include "seal/keyring.h"

namespace kagimori {

inline constexpr std::size_t kSecretAccessKeySize = 40;  // characters of base64, as AWS's have

// An access key that was just made. `secret` is its secret access key as text: the only time that it is shown.
struct NewAccessKey {
  AccessKey record;
  SecretBytes secret;
};

// Makes an active access key of a user (or of the root user, whose id is the account's) and wraps its secret under the
// account's keyring. Writes nothing. Errors as Keyrings::wrap.
Result<NewAccessKey> make_access_key(Keyrings& keyrings, CryptoContext& crypto, RandomSource& random,
                                     std::string_view account, std::string_view user_id, Timestamp now);

}  // namespace kagimori
