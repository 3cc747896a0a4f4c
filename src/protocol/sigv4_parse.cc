#include <fmt/format.h>

#include <algorithm>

#include "protocol/header_text.h"
#include "protocol/http_date.h"
#include "protocol/percent.h"
#include "protocol/sigv4.h"

namespace kagimori {
namespace {

using OptionalText = std::optional<std::string_view>;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kMaxAccessKeyId = 128;
constexpr std::size_t kMaxSignedHeaders = 128;
constexpr std::int64_t kMaxExpires = 604'800;  // a week, AWS's own limit

tl::unexpected<Error> incomplete(std::string message) {
  return fail(ErrorCode::kIncompleteSignature, std::move(message));
}

// ---- Headers that matter here. Each may come once: a second one could be read differently by somebody else.

struct KnownHeaders {
  OptionalText authorization, date, amz_date, host, target, token, payload_hash;
};

struct KnownHeader {
  std::string_view name;
  OptionalText KnownHeaders::* slot;
};
constexpr std::array<KnownHeader, 7> kKnownHeaders = {{{"authorization", &KnownHeaders::authorization},
                                                       {"date", &KnownHeaders::date},
                                                       {"x-amz-date", &KnownHeaders::amz_date},
                                                       {"host", &KnownHeaders::host},
                                                       {"x-amz-target", &KnownHeaders::target},
                                                       {"x-amz-security-token", &KnownHeaders::token},
                                                       {"x-amz-content-sha256", &KnownHeaders::payload_hash}}};

Result<KnownHeaders> find_known_headers(std::span<const HeaderView> headers) {
  KnownHeaders found;
  for (const HeaderView& header : headers) {
    for (const KnownHeader& known : kKnownHeaders) {
      if (!equals_ignoring_case(header.name, known.name)) continue;
      if (found.*known.slot) return incomplete(fmt::format("The request has more than one '{}' header.", known.name));
      found.*known.slot = trim_blanks(header.value);
    }
  }
  return found;
}

// ---- The parts of a signature, from the header or the query.

struct SignatureParts {
  OptionalText credential, signed_headers, signature;
};

struct AuthorizationPart {
  std::string_view name;
  OptionalText SignatureParts::* slot;
};
constexpr std::array<AuthorizationPart, 3> kAuthorizationParts = {{{"Credential", &SignatureParts::credential},
                                                                   {"Signature", &SignatureParts::signature},
                                                                   {"SignedHeaders", &SignatureParts::signed_headers}}};

Status read_authorization_part(SignatureParts& parts, std::string_view text) {
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

Result<SignatureParts> read_authorization(std::string_view text, bool has_date) {
  TRY(check_algorithm(take_until(text, ' ')));
  SignatureParts parts;
  text = trim_blanks(text);
  while (!text.empty()) TRY(read_authorization_part(parts, trim_blanks(take_until(text, ','))));
  std::string missing;
  for (const AuthorizationPart& part : kAuthorizationParts) {
    const OptionalText& value = parts.*part.slot;
    if (!value || value->empty()) missing += fmt::format("Authorization header requires '{}' parameter. ", part.name);
  }
  if (!has_date) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return parts;
  missing.pop_back();
  return incomplete(std::move(missing));
}

// ---- The presigned form.

struct QueryParts {
  OptionalText algorithm, credential, date, expires, signed_headers, signature, token, payload_hash;
};

struct QueryPart {
  std::string_view name;
  OptionalText QueryParts::* slot;
  bool required;
};
constexpr std::array<QueryPart, 8> kQueryParts = {{{"X-Amz-Algorithm", &QueryParts::algorithm, true},
                                                   {"X-Amz-Credential", &QueryParts::credential, true},
                                                   {"X-Amz-Signature", &QueryParts::signature, true},
                                                   {"X-Amz-SignedHeaders", &QueryParts::signed_headers, true},
                                                   {"X-Amz-Date", &QueryParts::date, true},
                                                   {"X-Amz-Expires", &QueryParts::expires, true},
                                                   {"X-Amz-Security-Token", &QueryParts::token, false},
                                                   {"X-Amz-Content-Sha256", &QueryParts::payload_hash, false}}};

std::string_view decode_into(std::vector<char>& decoded, std::string_view text) {
  std::string plain;
  form_decode(plain, text);
  const std::size_t begin = decoded.size();
  decoded.insert(decoded.end(), plain.begin(), plain.end());
  return {decoded.data() + begin, plain.size()};
}

Status read_query_part(QueryParts& parts, std::vector<char>& decoded, std::string_view name, std::string_view value) {
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

// Empty when the query signs nothing.
Result<QueryParts> read_query(std::string_view query, std::vector<char>& decoded) {
  QueryParts parts;
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

bool any_given(const QueryParts& parts) {
  return std::any_of(kQueryParts.begin(), kQueryParts.end(),
                     [&](const QueryPart& part) { return (parts.*part.slot).has_value(); });
}

Status check_query_complete(const QueryParts& parts) {
  std::string missing;
  for (const QueryPart& part : kQueryParts) {
    const OptionalText& value = parts.*part.slot;
    if (part.required && (!value || value->empty())) {
      missing += fmt::format("AWS query-string parameters must include '{}'. ", part.name);
    }
  }
  if (missing.empty()) return check_algorithm(*parts.algorithm);
  return incomplete(missing + "Re-examine the query-string parameters.");
}

Result<std::int64_t> parse_expires(std::string_view text) {
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return incomplete("X-Amz-Expires must be a number.");
    seconds = seconds * 10 + (c - '0');
    if (seconds > kMaxExpires) break;
  }
  if (seconds >= 1 && seconds <= kMaxExpires) return seconds;
  return incomplete(fmt::format("X-Amz-Expires must be between 1 and {} seconds.", kMaxExpires));
}

// ---- What both forms have.

bool is_key_id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

Status set_credential(SigV4Evidence& evidence, std::string_view credential) {
  if (std::count(credential.begin(), credential.end(), '/') != 4) {
    return incomplete(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                    "keyid/date/region/service/term, got '{}'",
                    quotable(credential)));
  }
  std::string_view rest = credential;
  evidence.access_key_id = take_until(rest, '/');
  evidence.scope = rest;
  evidence.scope_date = take_until(rest, '/');
  evidence.region = take_until(rest, '/');
  evidence.service = take_until(rest, '/');
  evidence.terminator = rest;
  const std::string_view id = evidence.access_key_id;
  if (id.empty() || id.size() > kMaxAccessKeyId || !std::all_of(id.begin(), id.end(), is_key_id_character)) {
    return fail(ErrorCode::kUnrecognizedClient, "The security token included in the request is invalid.");
  }
  return {};
}

Status set_time(SigV4Evidence& evidence, std::string_view text, std::optional<Timestamp> time) {
  if (!time) {
    return incomplete(fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'.", quotable(text)));
  }
  evidence.time = *time;
  if (text.size() == evidence.iso_time.size()) {
    std::copy(text.begin(), text.end(), evidence.iso_time.begin());
  } else {
    const std::string iso = to_iso_basic(*time);
    std::copy(iso.begin(), iso.end(), evidence.iso_time.begin());
  }
  return {};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

Status set_signature(SigV4Evidence& evidence, std::string_view hex) {
  if (!is_hex_digest(hex)) {
    return fail(ErrorCode::kInvalidSignature, "The request signature must be 64 lower-case hexadecimal digits.");
  }
  for (std::size_t i = 0; i < evidence.signature.size(); ++i) {
    evidence.signature[i] = static_cast<std::uint8_t>(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
  }
  return {};
}

Status set_payload_hash(SigV4Evidence& evidence, OptionalText claim) {
  if (claim && !is_hex_digest(*claim)) {
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("x-amz-content-sha256 must be the SHA-256 of the body in lower-case hexadecimal, not '{}'.",
                            quotable(*claim)));
  }
  evidence.payload_hash = claim;
  return {};
}

// ---- Which headers are signed.

bool is_signable_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && !(c >= 'A' && c <= 'Z'); });
}

Status check_signed_list(std::string_view list) {
  std::string_view previous;
  std::size_t count = 0;
  bool valid = !list.ends_with(';');
  while (valid && !list.empty()) {
    const std::string_view name = take_until(list, ';');
    valid = is_signable_name(name) && previous < name && ++count <= kMaxSignedHeaders;
    previous = name;
  }
  if (valid) return {};
  return incomplete(
      fmt::format("'SignedHeaders' must be at most {} header names in lower case, sorted, each once, "
                  "separated by semicolons.",
                  kMaxSignedHeaders));
}

bool is_signed(std::string_view list, std::string_view header_name) {
  while (!list.empty()) {
    if (equals_ignoring_case(header_name, take_until(list, ';'))) return true;
  }
  return false;
}

// A name without its header would sign nothing, and hide that a proxy took the header away.
Status check_signed_present(const SigV4Evidence& evidence, std::span<const HeaderView> headers) {
  std::string_view list = evidence.signed_headers;
  while (!list.empty()) {
    const std::string_view name = take_until(list, ';');
    const bool present = std::any_of(headers.begin(), headers.end(),
                                     [&](const HeaderView& header) { return equals_ignoring_case(header.name, name); });
    if (present) continue;
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("The signed header '{}' is not in the request.", quotable(name)));
  }
  return {};
}

Status check_required_signed(const SigV4Evidence& evidence, const SigV4Request& request, const KnownHeaders& known) {
  if (!is_signed(evidence.signed_headers, "host")) {
    return fail(ErrorCode::kInvalidSignature,
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (!evidence.presigned && !known.amz_date && !is_signed(evidence.signed_headers, "date")) {
    return fail(ErrorCode::kInvalidSignature,
                "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const HeaderView& header : request.headers) {
    if (!starts_with_ignoring_case(header.name, "x-amz-")) continue;
    if (is_signed(evidence.signed_headers, header.name)) continue;
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("There were headers present in the request which were not signed: '{}'. Add every X-Amz-* "
                            "header to the 'SignedHeaders'.",
                            quotable(header.name)));
  }
  return {};
}

Status set_signed_headers(SigV4Evidence& evidence, std::string_view list, const SigV4Request& request,
                          const KnownHeaders& known) {
  TRY(check_signed_list(list));
  evidence.signed_headers = list;
  TRY(check_required_signed(evidence, request, known));
  return check_signed_present(evidence, request.headers);
}

// ---- The two forms.

Status read_header_form(SigV4Evidence& evidence, const SigV4Request& request, const KnownHeaders& known) {
  const bool has_date = known.amz_date || known.date;
  TRY_ASSIGN(const SignatureParts parts, read_authorization(*known.authorization, has_date));
  TRY(set_credential(evidence, *parts.credential));
  const std::string_view date = known.amz_date ? *known.amz_date : *known.date;
  const bool iso = known.amz_date || date.size() == evidence.iso_time.size();
  TRY(set_time(evidence, date, iso ? parse_iso_basic(date) : parse_http_date(date)));
  TRY(set_signature(evidence, *parts.signature));
  TRY(set_payload_hash(evidence, known.payload_hash));
  evidence.session_token = known.token;
  return set_signed_headers(evidence, *parts.signed_headers, request, known);
}

Status read_presigned_form(SigV4Evidence& evidence, const SigV4Request& request, const KnownHeaders& known,
                           const QueryParts& parts) {
  evidence.presigned = true;
  TRY(check_query_complete(parts));
  if ((known.token && parts.token) || (known.payload_hash && parts.payload_hash)) {
    return incomplete(
        "The session token and the payload hash may be given in a header or in the query string, not in "
        "both.");
  }
  TRY(set_credential(evidence, *parts.credential));
  TRY(set_time(evidence, *parts.date, parse_iso_basic(*parts.date)));
  TRY_ASSIGN(evidence.expires_seconds, parse_expires(*parts.expires));
  TRY(set_signature(evidence, *parts.signature));
  TRY(set_payload_hash(evidence, known.payload_hash ? known.payload_hash : parts.payload_hash));
  evidence.session_token = known.token ? known.token : parts.token;
  return set_signed_headers(evidence, *parts.signed_headers, request, known);
}

}  // namespace

Result<SigV4Evidence> parse_sigv4(const SigV4Request& request) {
  TRY_ASSIGN(const KnownHeaders known, find_known_headers(request.headers));
  SigV4Evidence evidence;
  TRY_ASSIGN(const QueryParts parts, read_query(request.query, evidence.decoded));
  if (any_given(parts)) {
    if (known.authorization) {
      return incomplete("A request is signed in its Authorization header or in its query string, not in both.");
    }
    TRY(read_presigned_form(evidence, request, known, parts));
  } else if (known.authorization) {
    TRY(read_header_form(evidence, request, known));
  } else {
    return fail(ErrorCode::kMissingAuthenticationToken, "Missing Authentication Token");
  }
  return evidence;
}

}  // namespace kagimori
