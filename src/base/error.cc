#include "base/error.h"

namespace kagimori {

std::string_view exception_name(ErrorCode code) {
  switch (code) {
#define KAGIMORI_CODE(name) \
  case ErrorCode::k##name:  \
    return #name "Exception";
    KAGIMORI_CODE(AlreadyExists)
    KAGIMORI_CODE(CloudHsmClusterInUse)
    KAGIMORI_CODE(CloudHsmClusterInvalidConfiguration)
    KAGIMORI_CODE(CloudHsmClusterNotActive)
    KAGIMORI_CODE(CloudHsmClusterNotFound)
    KAGIMORI_CODE(CloudHsmClusterNotRelated)
    KAGIMORI_CODE(Conflict)
    KAGIMORI_CODE(CustomKeyStoreHasCMKs)
    KAGIMORI_CODE(CustomKeyStoreInvalidState)
    KAGIMORI_CODE(CustomKeyStoreNameInUse)
    KAGIMORI_CODE(CustomKeyStoreNotFound)
    KAGIMORI_CODE(Disabled)
    KAGIMORI_CODE(DryRunOperation)
    KAGIMORI_CODE(ExpiredImportToken)
    KAGIMORI_CODE(IncorrectKey)
    KAGIMORI_CODE(IncorrectKeyMaterial)
    KAGIMORI_CODE(IncorrectTrustAnchor)
    KAGIMORI_CODE(InvalidAliasName)
    KAGIMORI_CODE(InvalidArn)
    KAGIMORI_CODE(InvalidCiphertext)
    KAGIMORI_CODE(InvalidGrantId)
    KAGIMORI_CODE(InvalidGrantToken)
    KAGIMORI_CODE(InvalidImportToken)
    KAGIMORI_CODE(InvalidKeyUsage)
    KAGIMORI_CODE(InvalidMarker)
    KAGIMORI_CODE(InvalidState)
    KAGIMORI_CODE(KMSInvalidMac)
    KAGIMORI_CODE(KMSInvalidSignature)
    KAGIMORI_CODE(LimitExceeded)
    KAGIMORI_CODE(MalformedPolicyDocument)
    KAGIMORI_CODE(NotFound)
    KAGIMORI_CODE(Tag)
    KAGIMORI_CODE(UnsupportedOperation)
    KAGIMORI_CODE(XksKeyAlreadyInUse)
    KAGIMORI_CODE(XksKeyInvalidConfiguration)
    KAGIMORI_CODE(XksKeyNotFound)
    KAGIMORI_CODE(XksProxyIncorrectAuthenticationCredential)
    KAGIMORI_CODE(XksProxyInvalidConfiguration)
    KAGIMORI_CODE(XksProxyInvalidResponse)
    KAGIMORI_CODE(XksProxyUriEndpointInUse)
    KAGIMORI_CODE(XksProxyUriInUse)
    KAGIMORI_CODE(XksProxyUriUnreachable)
    KAGIMORI_CODE(XksProxyVpcEndpointServiceInUse)
    KAGIMORI_CODE(XksProxyVpcEndpointServiceInvalidConfiguration)
    KAGIMORI_CODE(XksProxyVpcEndpointServiceNotFound)
    KAGIMORI_CODE(AccessDenied)
    KAGIMORI_CODE(ExpiredToken)
    KAGIMORI_CODE(IncompleteSignature)
    KAGIMORI_CODE(InvalidSignature)
    KAGIMORI_CODE(MissingAuthenticationToken)
    KAGIMORI_CODE(RequestExpired)
    KAGIMORI_CODE(Serialization)
    KAGIMORI_CODE(Throttling)
    KAGIMORI_CODE(UnknownOperation)
    KAGIMORI_CODE(UnrecognizedClient)
    KAGIMORI_CODE(Validation)
    KAGIMORI_CODE(DeleteConflict)
    KAGIMORI_CODE(EntityAlreadyExists)
    KAGIMORI_CODE(InvalidInput)
    KAGIMORI_CODE(MalformedPolicy)
    KAGIMORI_CODE(NoSuchEntity)
    KAGIMORI_CODE(PackedPolicyTooLarge)
    KAGIMORI_CODE(PolicyEvaluation)
    KAGIMORI_CODE(PolicyNotAttachable)
    KAGIMORI_CODE(UnmodifiableEntity)
    KAGIMORI_CODE(EntityTemporarilyUnmodifiable)
    KAGIMORI_CODE(DependencyTimeout)
    KAGIMORI_CODE(Internal)
    KAGIMORI_CODE(KeyUnavailable)
    KAGIMORI_CODE(ServiceUnavailable)
    KAGIMORI_CODE(BadConfiguration)
    KAGIMORI_CODE(CacheMiss)
    KAGIMORI_CODE(Corrupt)
    KAGIMORI_CODE(Crypto)
    KAGIMORI_CODE(Io)
    KAGIMORI_CODE(NewerSchema)
    KAGIMORI_CODE(Stale)
    KAGIMORI_CODE(StorageFull)
    KAGIMORI_CODE(WrongRootKey)
#undef KAGIMORI_CODE
  }
  return "InternalException";
}

std::string_view error_code_name(ErrorCode code) {
  std::string_view name = exception_name(code);
  name.remove_suffix(std::string_view("Exception").size());
  return name;
}

}  // namespace kagimori
