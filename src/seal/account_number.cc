#include "seal/account_number.h"

#include "model/ids.h"

namespace kagimori {

std::optional<std::uint64_t> account_number(std::string_view account) {
  if (!is_account_id(account)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : account) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  return number;
}

std::string account_text(std::uint64_t number) {
  std::string text(12, '0');
  for (std::size_t i = text.size(); i > 0; --i, number /= 10) text[i - 1] = static_cast<char>('0' + number % 10);
  return text;
}

}  // namespace kagimori
