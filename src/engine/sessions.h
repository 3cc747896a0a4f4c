#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "engine/transaction.h"

namespace kagimori {

// Temporary credentials: a row of the store each, so that they outlive a crash and die with their user or role. Their
// end is by lifecycle time, which never runs backwards.

// Credentials that were just made. `secret` and `token` are shown this once.
struct NewSession {
  Session record;
  SecretBytes secret;
  std::string token;
};
// Makes and writes a session; `record` says everything but the credentials themselves. It ends after `seconds`.
Result<NewSession> start_session(Transaction& transaction, Session record, std::int64_t seconds);

// AWS STS API reference, GetSessionToken: for a user, or the root user for an hour at most. kAccessDenied to who has
// temporary credentials already.
Result<NewSession> get_session_token(Transaction& transaction, std::int64_t seconds);

// Removes a session whose end is long past, so that it is not even known any more. Run by the clock.
Status end_session(Transaction& transaction, const DueEntry& due);

// "123456789012": the account of an access key id, whoever asks. kValidation for one that nobody has.
Result<std::string> account_of_access_key(Transaction& transaction, std::string_view access_key_id);

}  // namespace kagimori
