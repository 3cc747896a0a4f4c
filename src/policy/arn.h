#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kagimori {

// arn:partition:service:region:account:resource; the resource may hold further colons.
using ArnParts = std::array<std::string_view, 6>;
enum ArnPart : std::size_t { kArnTag, kArnPartition, kArnService, kArnRegion, kArnAccount, kArnResource };

// Splits at the first five colons; nothing when there are fewer or the text does not start with "arn:".
std::optional<ArnParts> split_arn(std::string_view text);
// As split_arn for a pattern of a policy: colons inside a policy variable ("${aws:username}") do not count. Never for
// text of a request, where "${" means nothing.
std::optional<ArnParts> split_arn_pattern(std::string_view text);

bool is_account_number(std::string_view text);  // 12 digits
bool is_partition(std::string_view text);       // aws, aws-cn, aws-us-gov, ...

}  // namespace kagimori
