#pragma once

#include <string>
#include <string_view>

namespace kagimori {

// Small rules of HTTP header text, used by the SigV4 files.

// `lower` must be lower case already.
bool starts_with_ignoring_case(std::string_view text, std::string_view lower);
// Inline: every header of a request is compared with a dozen names, and nearly all differ in length.
inline bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && starts_with_ignoring_case(text, lower);
}

// Without spaces and tabs at both ends.
std::string_view trim_blanks(std::string_view text);

// Cuts the text up to the separator off `rest` and returns it; the last piece leaves `rest` empty.
std::string_view take_until(std::string_view& rest, char separator);

// What an error sentence may repeat of a request: at most 64 characters, printable ASCII, others as '?'.
std::string quotable(std::string_view text);

}  // namespace kagimori
