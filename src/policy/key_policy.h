#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy.h"

namespace kagimori {

// The policy that a key gets when its maker gives none: one line that leaves everything to the account's identity
// policies (facts/aws-kms.md, 4.1). `account` is 12 digits; `partition` is "aws" unless the deployment says otherwise.
std::string default_key_policy(std::string_view account, std::string_view partition = "aws");

// The stored text of a key policy as GetKeyPolicy shows it: ARNs found in `dead` (bindings whose user or role is gone)
// are replaced by their unique ids, "Principal":"*" becomes {"AWS":"*"}, a bare account number becomes the account's
// root ARN; every other byte stays as it was written. Errors as CompiledPolicy::compile.
Result<std::string> render_key_policy(std::string_view text, const PrincipalBindings& dead,
                                      std::string_view partition = "aws");

}  // namespace kagimori
