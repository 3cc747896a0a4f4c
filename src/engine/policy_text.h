#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kagimori {

// The size of a policy as IAM's quotas count it: without white space.
inline std::size_t counted_size(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

}  // namespace kagimori
