#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/transaction.h"

namespace kagimori {

struct NamedUser {
  std::string arn;
  std::string unique_id;
};
// The user that a policy's principal names today: by an ARN, or by the unique id (AIDA...) of a user of the caller's
// own account. nullopt when there is none (or when the path in the ARN is not the user's). Other kinds of principals do
// not exist yet.
Result<std::optional<NamedUser>> find_principal(Transaction& transaction, std::string_view principal);

// IAM compares names of users without regard to case.
std::string lower_case(std::string_view text);

}  // namespace kagimori
