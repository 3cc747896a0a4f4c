#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kagimori {

// Layouts hold an account as a number in 64 bits; people write it with 12 digits.
inline constexpr std::uint64_t kMaxAccountNumber = 999'999'999'999;
// Nothing unless the text is 12 digits.
std::optional<std::uint64_t> account_number(std::string_view account);
// At most kMaxAccountNumber.
std::string account_text(std::uint64_t number);

}  // namespace kagimori
