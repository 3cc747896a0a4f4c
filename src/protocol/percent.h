#pragma once

#include <string>
#include <string_view>

namespace kagimori {

// Percent-encoding (RFC 3986 section 2.1) as SigV4 and HTML forms use it.

// Appends the text with every byte encoded but letters, digits, '-', '.', '_' and '~' (RFC 3986 2.3).
void percent_encode(std::string& out, std::string_view text);

// Whether every '%' is followed by two hexadecimal digits.
bool has_whole_escapes(std::string_view text);

// Appends the text decoded as HTML forms are: '+' is a space. A '%' that starts no escape stays as it is.
void form_decode(std::string& out, std::string_view text);

// form_decode and percent_encode in one pass: the one spelling that all spellings of a query's name or value lead to.
// Never appends more than three bytes for each of the text's.
void percent_normalise(std::string& out, std::string_view text);

}  // namespace kagimori
