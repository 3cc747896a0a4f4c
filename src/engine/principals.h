#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

struct NamedPrincipal {
  std::string arn;
  std::string unique_id;
};
// Whom a policy's principal names today: a user or role by its ARN, a session by its ARN (its unique id is its role's),
// or a user or role of the caller's own account by its unique id (AIDA..., AROA...). nullopt when there is none (or
// when the path in the ARN is not its own).
Result<std::optional<NamedPrincipal>> find_principal(Transaction& transaction, std::string_view principal);

// Every principal that `text` names, bound to its unique id as of now. Errors as named_principals();
// kMalformedPolicy for one that is not there.
Result<std::vector<std::pair<std::string, std::string>>> bind_trusted(Transaction& transaction, std::string_view text);

// IAM compares names without regard to case.
std::string lower_case(std::string_view text);

}  // namespace kagimori
