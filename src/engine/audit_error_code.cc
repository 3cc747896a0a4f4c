#include "engine/audit_error_code.h"

namespace kagimori {

std::string_view audit_error_code(ErrorCode code) {
  switch (code) {
#define KAGIMORI_CODE(name) \
  case ErrorCode::k##name:  \
    return #name "Exception";
    KAGIMORI_CODE(AlreadyExists)
    KAGIMORI_CODE(Conflict)
    KAGIMORI_CODE(Disabled)
    KAGIMORI_CODE(DryRunOperation)
    KAGIMORI_CODE(IncorrectKey)
    KAGIMORI_CODE(InvalidAliasName)
    KAGIMORI_CODE(InvalidArn)
    KAGIMORI_CODE(InvalidCiphertext)
    KAGIMORI_CODE(InvalidGrantId)
    KAGIMORI_CODE(InvalidGrantToken)
    KAGIMORI_CODE(InvalidKeyUsage)
    KAGIMORI_CODE(InvalidMarker)
    KAGIMORI_CODE(LimitExceeded)
    KAGIMORI_CODE(MalformedPolicyDocument)
    KAGIMORI_CODE(NotFound)
    KAGIMORI_CODE(Tag)
    KAGIMORI_CODE(UnsupportedOperation)
    KAGIMORI_CODE(ExpiredToken)
    KAGIMORI_CODE(IncompleteSignature)
    KAGIMORI_CODE(InvalidSignature)
    KAGIMORI_CODE(MissingAuthenticationToken)
    KAGIMORI_CODE(Serialization)
    KAGIMORI_CODE(Throttling)
    KAGIMORI_CODE(UnknownOperation)
    KAGIMORI_CODE(UnrecognizedClient)
    KAGIMORI_CODE(Validation)
    KAGIMORI_CODE(DeleteConflict)
    KAGIMORI_CODE(EntityAlreadyExists)
    KAGIMORI_CODE(InvalidInput)
    KAGIMORI_CODE(NoSuchEntity)
    KAGIMORI_CODE(DependencyTimeout)
    KAGIMORI_CODE(KeyUnavailable)
#undef KAGIMORI_CODE
    case ErrorCode::kAccessDenied:
      return "AccessDenied";
    case ErrorCode::kInvalidState:
      return "KMSInvalidStateException";
    case ErrorCode::kMalformedPolicy:
      return "MalformedPolicyDocumentException";
    case ErrorCode::kRequestExpired:
      return "RequestExpired";
    case ErrorCode::kServiceUnavailable:
      return "DependencyTimeoutException";
    default:
      return "KMSInternalException";
  }
}

}  // namespace kagimori
