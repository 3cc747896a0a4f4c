#include <fmt/format.h>

#include "protocol/header_text.h"
#include "protocol/sigv4.h"

namespace kagimori {
namespace {

constexpr std::string_view kTerminator = "aws4_request";

std::string_view iso_time(const SigV4Evidence& evidence) {
  return {evidence.iso_time.data(), evidence.iso_time.size()};
}

// "5 min." as AWS writes it; in seconds where these are no whole minutes.
std::string span_text(std::int64_t seconds) {
  return seconds % 60 == 0 ? fmt::format("{} min.", seconds / 60) : fmt::format("{} sec.", seconds);
}

Status check_day(const SigV4Evidence& evidence) {
  const std::string_view day = iso_time(evidence).substr(0, 8);
  if (evidence.scope_date == day) return {};
  return fail(ErrorCode::kInvalidSignature,
              fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                          "'{}' != '{}', from '{}'.",
                          quotable(evidence.scope_date), day, iso_time(evidence)));
}

Status check_expires(const SigV4Evidence& evidence, const SigV4TimeLimits& limits) {
  if (!evidence.presigned) return {};
  if (limits.max_presigned_expires <= 0) {
    return fail(ErrorCode::kInvalidSignature,
                "Presigned requests are not accepted here. Sign the request in its Authorization header.");
  }
  if (evidence.expires_seconds <= limits.max_presigned_expires) return {};
  return fail(ErrorCode::kInvalidSignature,
              fmt::format("X-Amz-Expires must be at most {} seconds here.", limits.max_presigned_expires));
}

std::int64_t lifetime_of(const SigV4Evidence& evidence, const SigV4TimeLimits& limits) {
  if (!evidence.presigned) return limits.max_skew_seconds;
  return evidence.expires_seconds == 0 ? limits.max_presigned_expires : evidence.expires_seconds;
}

}  // namespace

Status check_scope(const SigV4Evidence& evidence, std::string_view region, std::string_view service) {
  std::string text;
  if (evidence.region != region) {
    text += fmt::format("Credential should be scoped to a valid region, not '{}'. ", quotable(evidence.region));
  }
  if (evidence.service != service) {
    text += fmt::format("Credential should be scoped to correct service: '{}'. ", service);
  }
  if (evidence.terminator != kTerminator) {
    text += fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'. ", kTerminator,
                        quotable(evidence.terminator));
  }
  if (text.empty()) return {};
  return fail(ErrorCode::kInvalidSignature, std::move(text));
}

Status check_time(const SigV4Evidence& evidence, Timestamp now, const SigV4TimeLimits& limits) {
  TRY(check_day(evidence));
  TRY(check_expires(evidence, limits));
  const Timestamp this_second = Timestamp::from_seconds(now.seconds());
  const std::int64_t lifetime = lifetime_of(evidence, limits);
  const Timestamp oldest = this_second.plus_seconds(-lifetime);
  if (evidence.time < oldest) {
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("Signature expired: {} is now earlier than {} ({} - {})", iso_time(evidence),
                            to_iso_basic(oldest), to_iso_basic(this_second), span_text(lifetime)));
  }
  const Timestamp newest = this_second.plus_seconds(limits.max_skew_seconds);
  if (evidence.time > newest) {
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("Signature not yet current: {} is still later than {} ({} + {})", iso_time(evidence),
                            to_iso_basic(newest), to_iso_basic(this_second), span_text(limits.max_skew_seconds)));
  }
  return {};
}

}  // namespace kagimori
