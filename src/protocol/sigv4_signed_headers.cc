#include "protocol/sigv4_signed_headers.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/header_text.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxSignedHeaders = 128;

bool is_signable_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && !(c >= 'A' && c <= 'Z'); });
}

bool is_signed(std::string_view list, std::string_view header_name) {
  while (!list.empty()) {
    if (equals_ignoring_case(header_name, take_until(list, ';'))) return true;
  }
  return false;
}

// A name without its header would sign nothing, and hide that a proxy took the header away.
Status check_present(const SigV4Evidence& evidence, std::span<const HeaderView> headers) {
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

Status check_required(const SigV4Evidence& evidence, std::span<const HeaderView> headers, bool dated_by_date) {
  if (!is_signed(evidence.signed_headers, "host")) {
    return fail(ErrorCode::kInvalidSignature,
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (dated_by_date && !is_signed(evidence.signed_headers, "date")) {
    return fail(ErrorCode::kInvalidSignature,
                "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const HeaderView& header : headers) {
    if (!starts_with_ignoring_case(header.name, "x-amz-")) continue;
    if (is_signed(evidence.signed_headers, header.name)) continue;
    return fail(ErrorCode::kInvalidSignature,
                fmt::format("There were headers present in the request which were not signed: '{}'. Add every X-Amz-* "
                            "header to the 'SignedHeaders'.",
                            quotable(header.name)));
  }
  return {};
}

}  // namespace

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
  return fail(
      ErrorCode::kIncompleteSignature,
      fmt::format("'SignedHeaders' must be at most {} header names in lower case, sorted, each once, separated by "
                  "semicolons.",
                  kMaxSignedHeaders));
}

Status check_signed_headers(const SigV4Evidence& evidence, std::span<const HeaderView> headers, bool dated_by_date) {
  TRY(check_required(evidence, headers, dated_by_date));
  return check_present(evidence, headers);
}

}  // namespace kagimori
