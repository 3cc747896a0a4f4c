#pragma once

#include <string>
#include <string_view>

#include "engine/transaction.h"
#include "model/grant.h"

namespace kagimori {

// Whom a request names by a principal or a service (at most one of them; both empty: nobody), bound to its identity.
// kInvalidArn for a principal that no grant may name, and for a user or role that there is not. A session of a role
// that there is not is taken as it is written; nobody is it.
Result<GrantParty> bind_party(Transaction& transaction, std::string_view principal, std::string_view service);

// The identity whose grants a list is asked for. Beyond bind_party(): the unique id that stands for who is gone; empty
// for a user or role that there is not.
Result<std::string> listed_identity(Transaction& transaction, std::string_view principal, std::string_view service);

// What a list shows for the principal: as it was written, or the unique id of who is gone.
Result<std::string> shown_principal(Transaction& transaction, const GrantParty& party);

// The ARN of the principal: that of the root user for an account's digits.
std::string principal_arn(std::string_view principal);

}  // namespace kagimori
