#include <fmt/format.h>

#include <algorithm>

#include "protocol/header_text.h"
#include "protocol/http_date.h"
#include "protocol/sigv4.h"
#include "protocol/sigv4_parts.h"
#include "protocol/sigv4_signed_headers.h"

namespace kagimori {
namespace {

using OptionalText = SigV4Parts::Text;

constexpr std::size_t kMaxAccessKeyId = 128;
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

// ---- From text to evidence.

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

Status set_signed_headers(SigV4Evidence& evidence, std::string_view list, const SigV4Request& request,
                          bool dated_by_date) {
  TRY(check_signed_list(list));
  evidence.signed_headers = list;
  return check_signed_headers(evidence, request.headers, dated_by_date);
}

// ---- The two forms.

Status read_header_form(SigV4Evidence& evidence, const SigV4Request& request, const KnownHeaders& known) {
  const bool has_date = known.amz_date || known.date;
  TRY_ASSIGN(const SigV4Parts parts, read_authorization(*known.authorization, has_date));
  TRY(set_credential(evidence, *parts.credential));
  const std::string_view date = known.amz_date ? *known.amz_date : *known.date;
  const bool iso = known.amz_date || date.size() == evidence.iso_time.size();
  TRY(set_time(evidence, date, iso ? parse_iso_basic(date) : parse_http_date(date)));
  TRY(set_signature(evidence, *parts.signature));
  TRY(set_payload_hash(evidence, known.payload_hash));
  evidence.session_token = known.token;
  return set_signed_headers(evidence, *parts.signed_headers, request, !known.amz_date);
}

Status read_presigned_form(SigV4Evidence& evidence, const SigV4Request& request, const KnownHeaders& known,
                           const SigV4Parts& parts) {
  evidence.presigned = true;
  TRY(check_presigned_complete(parts));
  if ((known.token && parts.session_token) || (known.payload_hash && parts.payload_hash)) {
    return incomplete(
        "The session token and the payload hash are given in a header or in the query string, not in both.");
  }
  TRY(set_credential(evidence, *parts.credential));
  TRY(set_time(evidence, *parts.date, parse_iso_basic(*parts.date)));
  if (parts.expires) {
    TRY_ASSIGN(evidence.expires_seconds, parse_expires(*parts.expires));
  }
  TRY(set_signature(evidence, *parts.signature));
  TRY(set_payload_hash(evidence, known.payload_hash ? known.payload_hash : parts.payload_hash));
  evidence.session_token = known.token ? known.token : parts.session_token;
  return set_signed_headers(evidence, *parts.signed_headers, request, false);
}

}  // namespace

Result<SigV4Evidence> parse_sigv4(const SigV4Request& request) {
  TRY_ASSIGN(const KnownHeaders known, find_known_headers(request.headers));
  SigV4Evidence evidence;
  TRY_ASSIGN(const SigV4Parts parts, read_presigned_query(request.query, evidence.decoded));
  if (is_presigned(parts)) {
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
