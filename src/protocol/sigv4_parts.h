#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

// The parts of a signature as text, before anything is made of them: the first step of parse_sigv4, for both forms.
// Views into the request or, where a query was decoded, into the buffer given. Every failure is kIncompleteSignature.
struct SigV4Parts {
  using Text = std::optional<std::string_view>;
  Text credential, signed_headers, signature;                  // of both forms
  Text algorithm, date, expires, session_token, payload_hash;  // of the presigned form
};

// Reads "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..."; all three are there afterwards. The error
// names everything that is missing, the date too unless the request `has_date`.
Result<SigV4Parts> read_authorization(std::string_view text, bool has_date);

// Reads the X-Amz-* parameters of a query, whatever of them is there; the rest of the query is left alone. The decoded
// values are appended to `decoded`, which must be empty.
Result<SigV4Parts> read_presigned_query(std::string_view query, std::vector<char>& decoded);

// Whether the query signs the request, or tries to.
bool is_presigned(const SigV4Parts& parts);

// Fails unless every parameter that the presigned form needs is there and the algorithm is AWS4-HMAC-SHA256. Only a
// credential of STS does without X-Amz-Expires.
Status check_presigned_complete(const SigV4Parts& parts);

}  // namespace kagimori
