#include "client/refusal.h"

#include <fmt/format.h>

namespace kagimori {
namespace {

struct Advice {
  std::string_view service_code;
  ErrorCode code;
  std::string_view text;
};
constexpr std::string_view kCheckCredentials =
    "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; they may be of another server, or disabled.";
constexpr std::string_view kNeedsPermission = "Ask an administrator for this permission, or use other credentials.";
// The server's own advice where the listener is the wrong one: no permission helps there.
constexpr std::string_view kWrongPlane = "Use another endpoint of the server.";

constexpr Advice kAdvice[] = {
    {"AccessDenied", ErrorCode::kAccessDenied, kNeedsPermission},
    {"AccessDeniedException", ErrorCode::kAccessDenied, kNeedsPermission},
    {"AlreadyExistsException", ErrorCode::kAlreadyExists, "Choose another."},
    {"DeleteConflict", ErrorCode::kDeleteConflict, "Delete the user's access keys and policies first."},
    {"EntityAlreadyExists", ErrorCode::kEntityAlreadyExists, "Choose another name."},
    {"IncompleteSignature", ErrorCode::kIncompleteSignature, kCheckCredentials},
    {"InvalidClientTokenId", ErrorCode::kUnrecognizedClient, kCheckCredentials},
    {"InvalidSignatureException", ErrorCode::kInvalidSignature, kCheckCredentials},
    {"LimitExceeded", ErrorCode::kLimitExceeded, "Delete what is no longer needed first."},
    {"MalformedPolicyDocument", ErrorCode::kMalformedPolicy, "Correct the policy."},
    {"NoSuchEntity", ErrorCode::kNoSuchEntity, "The `list` commands tell what there is."},
    {"SignatureDoesNotMatch", ErrorCode::kInvalidSignature, kCheckCredentials},
    {"UnrecognizedClientException", ErrorCode::kUnrecognizedClient, kCheckCredentials},
};

}  // namespace

Error refusal(std::string_view code, std::string_view message) {
  ErrorCode known = ErrorCode::kValidation;
  std::string text(message);
  if (!text.empty() && !text.ends_with('.')) text += '.';
  for (const Advice& advice : kAdvice) {
    if (advice.service_code != code) continue;
    known = advice.code;
    if (text.ends_with(kWrongPlane)) break;
    text += fmt::format("{}{}", text.empty() ? "" : " ", advice.text);
  }
  return {known, fmt::format("The server refused this ({}){}{}", code, text.empty() ? "." : ": ", text)};
}

Error strange_answer(long status) {
  if (status == 503 || status == 429) {
    return {ErrorCode::kServiceUnavailable, fmt::format("The server is too busy (HTTP {}). Try again.", status)};
  }
  return {ErrorCode::kIo, fmt::format("The answer (HTTP {}) is not one of a Kagimori server. Check the endpoint and "
                                      "which planes its listener serves.",
                                      status)};
}

}  // namespace kagimori
