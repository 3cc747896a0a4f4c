#include "dialects/aws/wire_error.h"

#include <array>
#include <utility>

#include "protocol/json_writer.h"
#include "protocol/xml_writer.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kJson = "application/x-amz-json-1.1";
constexpr std::string_view kXml = "text/xml";
constexpr std::string_view kQueryJson = "application/json";

struct Row {
  ErrorCode code;
  WireError wire;
};

// Codes that belong to one protocol only keep their own name in the other, so that nothing is ever nameless.
constexpr std::array kRows = {
    Row{ErrorCode::kAlreadyExists, {"AlreadyExistsException", 400, "EntityAlreadyExists", 409}},
    Row{ErrorCode::kCloudHsmClusterInUse, {"CloudHsmClusterInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCloudHsmClusterInvalidConfiguration,
        {"CloudHsmClusterInvalidConfigurationException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCloudHsmClusterNotActive, {"CloudHsmClusterNotActiveException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCloudHsmClusterNotFound, {"CloudHsmClusterNotFoundException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCloudHsmClusterNotRelated, {"CloudHsmClusterNotRelatedException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCustomKeyStoreHasCMKs, {"CustomKeyStoreHasCMKsException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCustomKeyStoreInvalidState, {"CustomKeyStoreInvalidStateException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCustomKeyStoreNameInUse, {"CustomKeyStoreNameInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kCustomKeyStoreNotFound, {"CustomKeyStoreNotFoundException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kExpiredImportToken, {"ExpiredImportTokenException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kIncorrectKeyMaterial, {"IncorrectKeyMaterialException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kIncorrectTrustAnchor, {"IncorrectTrustAnchorException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidImportToken, {"InvalidImportTokenException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kKMSInvalidMac, {"KMSInvalidMacException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kKMSInvalidSignature, {"KMSInvalidSignatureException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksKeyAlreadyInUse, {"XksKeyAlreadyInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksKeyInvalidConfiguration, {"XksKeyInvalidConfigurationException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksKeyNotFound, {"XksKeyNotFoundException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyIncorrectAuthenticationCredential,
        {"XksProxyIncorrectAuthenticationCredentialException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyInvalidConfiguration, {"XksProxyInvalidConfigurationException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyInvalidResponse, {"XksProxyInvalidResponseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyUriEndpointInUse, {"XksProxyUriEndpointInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyUriInUse, {"XksProxyUriInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyUriUnreachable, {"XksProxyUriUnreachableException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyVpcEndpointServiceInUse,
        {"XksProxyVpcEndpointServiceInUseException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyVpcEndpointServiceInvalidConfiguration,
        {"XksProxyVpcEndpointServiceInvalidConfigurationException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kXksProxyVpcEndpointServiceNotFound,
        {"XksProxyVpcEndpointServiceNotFoundException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kConflict, {"ConflictException", 400, "ConcurrentModification", 409}},
    Row{ErrorCode::kDisabled, {"DisabledException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kDryRunOperation, {"DryRunOperationException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kIncorrectKey, {"IncorrectKeyException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidAliasName, {"InvalidAliasNameException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidArn, {"InvalidArnException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidCiphertext, {"InvalidCiphertextException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidGrantId, {"InvalidGrantIdException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidGrantToken, {"InvalidGrantTokenException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidKeyUsage, {"InvalidKeyUsageException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kInvalidMarker, {"InvalidMarkerException", 400, "ValidationError", 400}},
    Row{ErrorCode::kInvalidState, {"KMSInvalidStateException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kLimitExceeded, {"LimitExceededException", 400, "LimitExceeded", 409}},
    Row{ErrorCode::kMalformedPolicyDocument, {"MalformedPolicyDocumentException", 400, "MalformedPolicyDocument", 400}},
    Row{ErrorCode::kNotFound, {"NotFoundException", 400, "NoSuchEntity", 404}},
    Row{ErrorCode::kTag, {"TagException", 400, "InvalidInput", 400}},
    Row{ErrorCode::kUnsupportedOperation, {"UnsupportedOperationException", 400, "InvalidAction", 400}},
    Row{ErrorCode::kAccessDenied, {"AccessDeniedException", 400, "AccessDenied", 403}},
    Row{ErrorCode::kExpiredToken, {"ExpiredTokenException", 400, "ExpiredToken", 403}},
    Row{ErrorCode::kIncompleteSignature, {"IncompleteSignatureException", 400, "IncompleteSignature", 400}},
    Row{ErrorCode::kInvalidSignature, {"InvalidSignatureException", 400, "SignatureDoesNotMatch", 403}},
    Row{ErrorCode::kMissingAuthenticationToken,
        {"MissingAuthenticationTokenException", 400, "MissingAuthenticationToken", 403}},
    Row{ErrorCode::kRequestExpired, {"RequestExpired", 400, "RequestExpired", 400}},
    Row{ErrorCode::kSerialization, {"SerializationException", 400, "MalformedQueryString", 400}},
    Row{ErrorCode::kThrottling, {"ThrottlingException", 400, "Throttling", 400}},
    Row{ErrorCode::kUnknownOperation, {"UnknownOperationException", 400, "InvalidAction", 400}},
    Row{ErrorCode::kUnrecognizedClient, {"UnrecognizedClientException", 400, "InvalidClientTokenId", 403}},
    Row{ErrorCode::kValidation, {"ValidationException", 400, "ValidationError", 400}},
    Row{ErrorCode::kDeleteConflict, {"DeleteConflict", 400, "DeleteConflict", 409}},
    Row{ErrorCode::kEntityAlreadyExists, {"EntityAlreadyExists", 400, "EntityAlreadyExists", 409}},
    Row{ErrorCode::kInvalidInput, {"InvalidInput", 400, "InvalidInput", 400}},
    Row{ErrorCode::kMalformedPolicy, {"MalformedPolicyDocument", 400, "MalformedPolicyDocument", 400}},
    Row{ErrorCode::kNoSuchEntity, {"NoSuchEntity", 400, "NoSuchEntity", 404}},
    Row{ErrorCode::kPackedPolicyTooLarge, {"PackedPolicyTooLarge", 400, "PackedPolicyTooLarge", 400}},
    Row{ErrorCode::kPolicyEvaluation, {"PolicyEvaluation", 500, "PolicyEvaluation", 500}},
    Row{ErrorCode::kPolicyNotAttachable, {"PolicyNotAttachable", 400, "PolicyNotAttachable", 400}},
    Row{ErrorCode::kUnmodifiableEntity, {"UnmodifiableEntity", 400, "UnmodifiableEntity", 400}},
    Row{ErrorCode::kEntityTemporarilyUnmodifiable,
        {"EntityTemporarilyUnmodifiable", 400, "EntityTemporarilyUnmodifiable", 409}},
    Row{ErrorCode::kDependencyTimeout, {"DependencyTimeoutException", 503, "ServiceUnavailable", 503}},
    Row{ErrorCode::kKeyUnavailable, {"KeyUnavailableException", 500, "ServiceFailure", 500}},
    Row{ErrorCode::kServiceUnavailable, {"DependencyTimeoutException", 503, "ServiceUnavailable", 503}},
    Row{ErrorCode::kStorageFull, {"KMSInternalException", 500, "ServiceFailure", 500}},
};
// Everything else is the house's own trouble; retrying may help, details are in the server's log.
constexpr WireError kInternal{"KMSInternalException", 500, "ServiceFailure", 500};

// What may be said of an internal failure. Paths and the insides of records stay in the server's log.
std::string_view public_message(const Error& error) {
  switch (error.code) {
    case ErrorCode::kStorageFull:
      return "The disk of the server is full. Try again when its operator has made room.";
    case ErrorCode::kCorrupt:
    case ErrorCode::kNewerSchema:
    case ErrorCode::kWrongRootKey:
      return "A record of this request failed its integrity check. The server's log says which.";
    case ErrorCode::kInternal:
    case ErrorCode::kBadConfiguration:
    case ErrorCode::kCacheMiss:
    case ErrorCode::kCrypto:
    case ErrorCode::kIo:
    case ErrorCode::kStale:
      return "The server could not process the request. Try again; the server's log says more.";
    default:
      return error.message;
  }
}

// The Query services' sentences, where they differ from those of KMS.
std::string_view query_message(const Error& error) {
  if (error.code == ErrorCode::kMissingAuthenticationToken) return "Request is missing Authentication Token";
  return public_message(error);
}
std::string_view query_fault(const WireError& wire) { return wire.query_status >= 500 ? "Receiver" : "Sender"; }

HttpResponse answer(int status, std::string_view content_type, std::string body, std::string_view request_id) {
  HttpResponse response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  response.headers.push_back({"x-amzn-RequestId", std::string(request_id)});
  return response;
}

}  // namespace

const WireError& wire_error(ErrorCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row.wire;
  }
  return kInternal;
}

std::optional<ErrorCode> error_code_of(std::string_view wire_name) {
  for (const auto name : {&WireError::json_type, &WireError::query_code}) {
    for (const Row& row : kRows) {
      if (row.wire.*name == wire_name) return row.code;
    }
    if (kInternal.*name == wire_name) return ErrorCode::kInternal;
  }
  return std::nullopt;
}

HttpResponse json_success(std::string body, std::string_view request_id) {
  return answer(200, kJson, std::move(body), request_id);
}

HttpResponse json_error(const Error& error, std::string_view request_id) {
  const WireError& wire = wire_error(error.code);
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("__type", wire.json_type);
  const std::string_view message = public_message(error);
  // AccessDeniedException is the one whose member has a capital; some carry no message at all.
  if (!message.empty()) json.member(error.code == ErrorCode::kAccessDenied ? "Message" : "message", message);
  json.end_object();
  HttpResponse response = answer(wire.json_status, kJson, std::move(body), request_id);
  response.headers.push_back({"x-amzn-errortype", std::string(wire.json_type)});
  return response;
}

HttpResponse xml_success(std::string body, std::string_view request_id) {
  return answer(200, kXml, std::move(body), request_id);
}

HttpResponse xml_error(const Error& error, std::string_view request_id, std::string_view xml_namespace) {
  const WireError& wire = wire_error(error.code);
  std::string body;
  XmlWriter xml(body);
  xml.begin("ErrorResponse", xml_namespace).begin("Error");
  xml.element("Type", query_fault(wire)).element("Code", wire.query_code);
  xml.element("Message", query_message(error)).end("Error");
  xml.element("RequestId", request_id).end("ErrorResponse");
  return answer(wire.query_status, kXml, std::move(body), request_id);
}

HttpResponse query_json_success(std::string body, std::string_view request_id) {
  return answer(200, kQueryJson, std::move(body), request_id);
}

HttpResponse query_json_error(const Error& error, std::string_view request_id) {
  const WireError& wire = wire_error(error.code);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("Error").begin_object().member("Code", wire.query_code);
  json.member("Message", query_message(error)).member("Type", query_fault(wire)).end_object();
  json.member("RequestId", request_id).end_object();
  return answer(wire.query_status, kQueryJson, std::move(body), request_id);
}

}  // namespace kagimori::aws
