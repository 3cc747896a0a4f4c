#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/transaction.h"

namespace kagimori {

// The unique id of the user that an ARN names today; nullopt when there is none (or when the path in the ARN is not the
// user's). Other kinds of principals do not exist yet.
Result<std::optional<std::string>> find_principal(Transaction& transaction, std::string_view arn);

// IAM compares names of users without regard to case.
std::string lower_case(std::string_view text);

}  // namespace kagimori
