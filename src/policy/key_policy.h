#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy.h"

namespace kagimori {

// The policy that a key gets when its maker gives none: one line that leaves everything to the account's identity
// policies. `account` is 12 digits; `partition` is "aws" unless the deployment says otherwise.
std::string default_key_policy(std::string_view account, std::string_view partition = "aws");

// What a principal's ARN or unique id is shown as.
using PrincipalNames = std::map<std::string, std::string, std::less<>>;

// The stored text of a key policy as GetKeyPolicy shows it: ARNs and unique ids found in `shown` are replaced (the ARN
// of who is gone by its unique id, the unique id of who is there by its ARN), "Principal":"*" becomes {"AWS":"*"}, a
// bare account number becomes the account's root ARN; every other byte stays as it was written. Errors as
// CompiledPolicy::compile.
Result<std::string> render_key_policy(std::string_view text, const PrincipalNames& shown,
                                      std::string_view partition = "aws");

}  // namespace kagimori
