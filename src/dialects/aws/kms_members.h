#pragma once

#include <array>
#include <string_view>

#include "dialects/aws/json_call.h"

namespace kagimori::aws {

// Members that many KMS operations share, and those whose meaning is not served.

// The status of all members that were read, and GrantTokens: each must be one of a grant that there is; kCacheMiss
// where the worker does not know.
Status check_grant_tokens(JsonCall& call, JsonMembers& members);
// UnsupportedOperationException that names the member, if the request has it.
Status refuse_member(const JsonMembers& members, std::string_view name);
// Recipient: its shape.
void read_recipient(JsonMembers& members);
// EncryptionAlgorithm (or a member of its type); the default where it is absent.
std::string_view encryption_algorithm(JsonMembers& members, std::string_view name);
bool dry_run(JsonMembers& members);
// DryRunModifiers: whether IGNORE_CIPHERTEXT is asked for.
bool ignore_ciphertext(JsonMembers& members);

extern const std::array<std::string_view, 20> kKeySpecs;
extern const std::array<std::string_view, 13> kCustomerMasterKeySpecs;
extern const std::array<std::string_view, 5> kKeyUsages;
extern const std::array<std::string_view, 4> kOrigins;
extern const std::array<std::string_view, 2> kDataKeySpecs;
extern const std::array<std::string_view, 2> kIncludeKeyMaterial;

}  // namespace kagimori::aws
