#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kagimori {

// What went wrong, once for the whole house. Each dialect maps a code to its own wire form in one table.
enum class ErrorCode : std::uint16_t {
  // The caller's fault, as AWS KMS names it (AWS KMS API reference, "Errors" of each operation).
  kAlreadyExists,
  kCloudHsmClusterInUse,
  kCloudHsmClusterInvalidConfiguration,
  kCloudHsmClusterNotActive,
  kCloudHsmClusterNotFound,
  kCloudHsmClusterNotRelated,
  kConflict,
  kCustomKeyStoreHasCMKs,
  kCustomKeyStoreInvalidState,
  kCustomKeyStoreNameInUse,
  kCustomKeyStoreNotFound,
  kDisabled,
  kDryRunOperation,
  kExpiredImportToken,
  kIncorrectKey,
  kIncorrectKeyMaterial,
  kIncorrectTrustAnchor,
  kInvalidAliasName,
  kInvalidArn,
  kInvalidCiphertext,
  kInvalidGrantId,
  kInvalidGrantToken,
  kInvalidImportToken,
  kInvalidKeyUsage,
  kInvalidMarker,
  kInvalidState,         // KMSInvalidStateException
  kKMSInvalidMac,        // VerifyMac
  kKMSInvalidSignature,  // Verify; kInvalidSignature is that of a request
  kLimitExceeded,
  kMalformedPolicyDocument,
  kNotFound,
  kTag,
  kUnsupportedOperation,
  kXksKeyAlreadyInUse,
  kXksKeyInvalidConfiguration,
  kXksKeyNotFound,
  kXksProxyIncorrectAuthenticationCredential,
  kXksProxyInvalidConfiguration,
  kXksProxyInvalidResponse,
  kXksProxyUriEndpointInUse,
  kXksProxyUriInUse,
  kXksProxyUriUnreachable,
  kXksProxyVpcEndpointServiceInUse,
  kXksProxyVpcEndpointServiceInvalidConfiguration,
  kXksProxyVpcEndpointServiceNotFound,
  // Protocol and identity (AWS common errors).
  kAccessDenied,
  kExpiredToken,
  kIncompleteSignature,
  kInvalidSignature,
  kMissingAuthenticationToken,
  kRequestExpired,
  kSerialization,
  kThrottling,
  kUnknownOperation,
  kUnrecognizedClient,
  kValidation,
  // Identity management (AWS IAM API reference).
  kDeleteConflict,
  kEntityAlreadyExists,
  kEntityTemporarilyUnmodifiable,
  kInvalidInput,
  kMalformedPolicy,
  kNoSuchEntity,
  kPackedPolicyTooLarge,
  kPolicyEvaluation,
  kPolicyNotAttachable,
  kUnmodifiableEntity,
  // The server's fault; safe to retry.
  kDependencyTimeout,
  kInternal,
  kKeyUnavailable,
  kServiceUnavailable,
  // Between floors; an edge never shows these as they are.
  kBadConfiguration,  // a file, option or argument of the operator is wrong
  kCacheMiss,         // the worker lacks a snapshot; fill it and run the request again
  kCorrupt,           // stored bytes fail their check: truncated, flipped, forged or of another store
  kCrypto,            // OpenSSL refused
  kIo,                // the operating system refused a file or socket
  kNewerSchema,       // written by a later release
  kStale,             // an expected revision has moved on; read again and retry
  kStorageFull,       // no room on the device
  kWrongRootKey,      // the root key does not open this store
};

std::string_view error_code_name(ErrorCode code);  // "NotFound"
// The same as AWS's models spell an exception: "NotFoundException".
std::string_view exception_name(ErrorCode code);

// A failure as a value: a code for programs and one sentence for people that says what was wrong and what to do.
// An empty message is meant: some AWS errors carry none (InvalidCiphertextException).
struct Error {
  ErrorCode code;
  std::string message;
};

}  // namespace kagimori
