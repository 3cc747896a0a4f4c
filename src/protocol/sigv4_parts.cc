#include "protocol/sigv4_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/header_text.h"
#include "protocol/percent.h"

namespace kagimori {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

tl::unexpected<Error> incomplete(std::string message) {
  return fail(ErrorCode::kIncompleteSignature, std::move(message));
}

struct AuthorizationPart {
  std::string_view name;
  SigV4Parts::Text SigV4Parts::* slot;
};
constexpr std::array<AuthorizationPart, 3> kAuthorizationParts = {{{"Credential", &SigV4Parts::credential},
                                                                   {"Signature", &SigV4Parts::signature},
                                                                   {"SignedHeaders", &SigV4Parts::signed_headers}}};

Status read_authorization_part(SigV4Parts& parts, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return incomplete("A part of the Authorization header is not a valid key=value pair (missing equal-sign).");
  }
  for (const AuthorizationPart& part : kAuthorizationParts) {
    if (text.substr(0, equals) != part.name) continue;
    if (parts.*part.slot) return incomplete(fmt::format("Authorization header has '{}' more than once.", part.name));
    parts.*part.slot = text.substr(equals + 1);
    return {};
  }
  return incomplete("Authorization header may hold 'Credential', 'SignedHeaders' and 'Signature' only.");
}

Status check_algorithm(std::string_view algorithm) {
  if (algorithm == kAlgorithm) return {};
  if (algorithm.starts_with("AWS")) {
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'. Use '{}'.", quotable(algorithm), kAlgorithm));
  }
  return incomplete(fmt::format("The request must be signed with '{}'.", kAlgorithm));
}

struct QueryPart {
  std::string_view name;
  SigV4Parts::Text SigV4Parts::* slot;
  bool required;
};
constexpr std::array<QueryPart, 8> kQueryParts = {{{"X-Amz-Algorithm", &SigV4Parts::algorithm, true},
                                                   {"X-Amz-Credential", &SigV4Parts::credential, true},
                                                   {"X-Amz-Signature", &SigV4Parts::signature, true},
                                                   {"X-Amz-SignedHeaders", &SigV4Parts::signed_headers, true},
                                                   {"X-Amz-Date", &SigV4Parts::date, true},
                                                   {"X-Amz-Expires", &SigV4Parts::expires, true},
                                                   {"X-Amz-Security-Token", &SigV4Parts::session_token, false},
                                                   {"X-Amz-Content-Sha256", &SigV4Parts::payload_hash, false}}};

std::string_view decode_into(std::vector<char>& decoded, std::string_view text) {
  std::string plain;
  form_decode(plain, text);
  const std::size_t begin = decoded.size();
  decoded.insert(decoded.end(), plain.begin(), plain.end());
  return {decoded.data() + begin, plain.size()};
}

Status read_query_part(SigV4Parts& parts, std::vector<char>& decoded, std::string_view name, std::string_view value) {
  std::string plain_name;
  form_decode(plain_name, name);
  for (const QueryPart& part : kQueryParts) {
    if (plain_name != part.name) continue;
    if (parts.*part.slot) return incomplete(fmt::format("The query string has '{}' more than once.", part.name));
    parts.*part.slot = decode_into(decoded, value);
    return {};
  }
  return {};
}

}  // namespace

Result<SigV4Parts> read_authorization(std::string_view text, bool has_date) {
  TRY(check_algorithm(take_until(text, ' ')));
  SigV4Parts parts;
  text = trim_blanks(text);
  while (!text.empty()) TRY(read_authorization_part(parts, trim_blanks(take_until(text, ','))));
  std::string missing;
  for (const AuthorizationPart& part : kAuthorizationParts) {
    const SigV4Parts::Text& value = parts.*part.slot;
    if (!value || value->empty()) missing += fmt::format("Authorization header requires '{}' parameter. ", part.name);
  }
  if (!has_date) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return parts;
  missing.pop_back();
  return incomplete(std::move(missing));
}

Result<SigV4Parts> read_presigned_query(std::string_view query, std::vector<char>& decoded) {
  SigV4Parts parts;
  if (query.empty()) return parts;
  if (!has_whole_escapes(query)) return incomplete("The query string holds a malformed percent escape.");
  decoded.reserve(query.size());  // decoding never lengthens, so the views into it hold
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    TRY(read_query_part(parts, decoded, name, value));
  }
  return parts;
}

bool is_presigned(const SigV4Parts& parts) {
  return std::any_of(kQueryParts.begin(), kQueryParts.end(),
                     [&](const QueryPart& part) { return (parts.*part.slot).has_value(); });
}

Status check_presigned_complete(const SigV4Parts& parts) {
  // AWS's SDK for Go presigns GetCallerIdentity without X-Amz-Expires, and STS takes it.
  const bool may_leave_out_expires = parts.credential && parts.credential->ends_with("/sts/aws4_request");
  std::string missing;
  for (const QueryPart& part : kQueryParts) {
    const SigV4Parts::Text& value = parts.*part.slot;
    if (!value && part.slot == &SigV4Parts::expires && may_leave_out_expires) continue;
    if (part.required && (!value || value->empty())) {
      missing += fmt::format("AWS query-string parameters must include '{}'. ", part.name);
    }
  }
  if (missing.empty()) return check_algorithm(*parts.algorithm);
  return incomplete(missing + "Re-examine the query-string parameters.");
}

}  // namespace kagimori
