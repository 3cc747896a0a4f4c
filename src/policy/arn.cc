#include "policy/arn.h"

#include <algorithm>

namespace kagimori {
namespace {

std::optional<ArnParts> split(std::string_view text, bool variables) {
  if (!text.starts_with("arn:")) return std::nullopt;
  ArnParts parts;
  std::size_t part = 0;
  std::size_t begin = 0;
  bool in_variable = false;
  for (std::size_t i = 0; i < text.size() && part < kArnResource; ++i) {
    if (variables && text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') in_variable = true;
    if (text[i] == '}') in_variable = false;
    if (text[i] != ':' || in_variable) continue;
    parts[part++] = text.substr(begin, i - begin);
    begin = i + 1;
  }
  if (part < kArnResource) return std::nullopt;
  parts[kArnResource] = text.substr(begin);
  return parts;
}

}  // namespace

std::optional<ArnParts> split_arn(std::string_view text) { return split(text, false); }
std::optional<ArnParts> split_arn_pattern(std::string_view text) { return split(text, true); }

bool is_account_number(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_partition(std::string_view text) {
  if (!text.starts_with("aws")) return false;
  const std::string_view rest = text.substr(3);
  if (rest.empty()) return true;
  return rest.size() > 1 && rest.front() == '-' &&
         std::all_of(rest.begin(), rest.end(), [](char c) { return c == '-' || (c >= 'a' && c <= 'z'); });
}

}  // namespace kagimori
