#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

// What `kagimori init` and recovery do to a store that no server has open: the first principals, who can't be made by
// a request because nobody could sign it. Each is one atomic change and leaves its audit event in the store's outbox.

struct BootstrapCredentials {
  std::string arn;
  std::string access_key_id;
  SecretBytes secret_access_key;  // text; shown this once
};

// Makes the operator account, its keyring, and a user that may do everything (the inline policy AdministratorAccess)
// with an access key. kValidation for an account id that is not 12 digits or is the house's own, or a user name that
// IAM would refuse; kAlreadyExists when the store has that account.
Result<BootstrapCredentials> bootstrap_operator_account(Store& store, Keyrings& keyrings, CryptoContext& crypto,
                                                        RandomSource& random, const Clock& clock,
                                                        std::string_view account, std::string_view name,
                                                        std::string_view user_name = "admin");

// For who lost every credential but holds the root key: gives the account's root user a new access key and deletes the
// ones it had. kNotFound when the store has no such account.
Result<BootstrapCredentials> recover_root_credentials(Store& store, Keyrings& keyrings, CryptoContext& crypto,
                                                      RandomSource& random, const Clock& clock,
                                                      std::string_view account);

}  // namespace kagimori
