#include "engine/audit_error_code.h"

namespace kagimori {

std::string_view audit_error_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAccessDenied:
    case ErrorCode::kRequestExpired:
      return error_code_name(code);
    case ErrorCode::kInvalidState:
      return "KMSInvalidStateException";
    case ErrorCode::kMalformedPolicy:
      return "MalformedPolicyDocumentException";
    case ErrorCode::kServiceUnavailable:
      return "DependencyTimeoutException";
    case ErrorCode::kInternal:
    case ErrorCode::kBadConfiguration:
    case ErrorCode::kCacheMiss:
    case ErrorCode::kCorrupt:
    case ErrorCode::kCrypto:
    case ErrorCode::kIo:
    case ErrorCode::kNewerSchema:
    case ErrorCode::kStale:
    case ErrorCode::kStorageFull:
    case ErrorCode::kWrongRootKey:
      return "KMSInternalException";
    default:
      return exception_name(code);
  }
}

}  // namespace kagimori
