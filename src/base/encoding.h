#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace kagimori {

// Lower-case hexadecimal.
std::string hex_encode(ByteView bytes);
// kValidation on odd length or a character outside 0-9 a-f A-F.
Result<Bytes> hex_decode(std::string_view text);

// RFC 4648 section 4 with padding.
std::string base64_encode(ByteView bytes);
// As base64_encode, into memory of exactly that size: for secrets, whose text must not lie in ordinary memory.
void base64_encode_into(ByteView bytes, std::span<std::uint8_t> out);
// Appends to `out`; grows it once.
void base64_append(std::string& out, ByteView bytes);
// Strict: padded, no white space, no stray bits in the last group. kValidation otherwise.
Result<Bytes> base64_decode(std::string_view text);
// As base64_decode, straight into secret memory.
Result<SecretBytes> base64_decode_secret(std::string_view text);

// Whether the text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
bool is_valid_utf8(std::string_view text);

}  // namespace kagimori
