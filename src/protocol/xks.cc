#include "protocol/xks.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace kagimori {
namespace {

using enum XksFault;

constexpr long kOk = 200;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kMaxMetadata = 20;
constexpr std::size_t kMaxCiphertext = 4'300;
constexpr std::string_view kAlgorithm = "AES_GCM";
constexpr std::string_view kIntegrityAlgorithm = "SHA_256";

// In the order of XksFault.
constexpr std::array<XksFaultMeaning, 16> kMeanings = {{
    {"can't be reached.", ErrorCode::kXksProxyUriUnreachable, ErrorCode::kCustomKeyStoreInvalidState,
     "XKS_PROXY_NOT_REACHABLE"},
    {"did not answer within 250 milliseconds.", ErrorCode::kXksProxyUriUnreachable,
     ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_TIMED_OUT"},
    {"does not speak TLS 1.2 or newer, or its certificate can't be trusted or is for another name.",
     ErrorCode::kXksProxyUriUnreachable, ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_INVALID_TLS_CONFIGURATION"},
    {"gave an answer that can't be understood.", ErrorCode::kXksProxyInvalidResponse,
     ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_INVALID_RESPONSE"},
    {"says that the state or the kind of the external key does not allow this.", ErrorCode::kXksProxyInvalidResponse,
     ErrorCode::kXksKeyInvalidConfiguration, "XKS_PROXY_INVALID_RESPONSE"},
    {"says that the external key did not make this ciphertext.", ErrorCode::kXksProxyInvalidResponse,
     ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_INVALID_RESPONSE"},
    {"says that the usage of the external key does not allow this.", ErrorCode::kXksProxyInvalidResponse,
     ErrorCode::kXksKeyInvalidConfiguration, "XKS_PROXY_INVALID_RESPONSE"},
    {"refused the proxy authentication credential.", ErrorCode::kXksProxyIncorrectAuthenticationCredential,
     ErrorCode::kCustomKeyStoreInvalidState, "INVALID_CREDENTIALS"},
    {"denied access to the external key.", ErrorCode::kXksProxyInvalidResponse, ErrorCode::kInvalidState,
     "XKS_PROXY_ACCESS_DENIED"},
    {"does not know the external key.", ErrorCode::kXksProxyInvalidResponse, ErrorCode::kXksKeyNotFound,
     "XKS_PROXY_INVALID_RESPONSE"},
    {"does not know the URI path.", ErrorCode::kXksProxyInvalidConfiguration, ErrorCode::kCustomKeyStoreInvalidState,
     "XKS_PROXY_INVALID_CONFIGURATION"},
    {"has too many requests.", ErrorCode::kXksProxyUriUnreachable, ErrorCode::kCustomKeyStoreInvalidState,
     "XKS_PROXY_NOT_REACHABLE"},
    {"waited too long for the external key manager.", ErrorCode::kXksProxyUriUnreachable,
     ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_TIMED_OUT"},
    {"failed internally.", ErrorCode::kXksProxyInvalidResponse, ErrorCode::kCustomKeyStoreInvalidState,
     "XKS_PROXY_INVALID_RESPONSE"},
    {"does not support this operation.", ErrorCode::kXksProxyInvalidResponse, ErrorCode::kXksKeyInvalidConfiguration,
     "XKS_PROXY_INVALID_RESPONSE"},
    {"is well, but all external key managers behind it are unavailable.", ErrorCode::kXksProxyUriUnreachable,
     ErrorCode::kCustomKeyStoreInvalidState, "XKS_PROXY_NOT_REACHABLE"},
}};

struct NamedFault {
  std::string_view name;
  XksFault fault;
};
constexpr std::array kNamedFaults = {
    NamedFault{"ValidationException", kInvalidResponse},
    NamedFault{"InvalidStateException", kInvalidState},
    NamedFault{"InvalidCiphertextException", kInvalidCiphertext},
    NamedFault{"InvalidKeyUsageException", kInvalidKeyUsage},
    NamedFault{"AuthenticationFailedException", kAuthenticationFailed},
    NamedFault{"AccessDeniedException", kAccessDenied},
    NamedFault{"KeyNotFoundException", kKeyNotFound},
    NamedFault{"InvalidUriPathException", kInvalidUriPath},
    NamedFault{"ThrottlingException", kThrottled},
    NamedFault{"DependencyTimeoutException", kDependencyTimeout},
    NamedFault{"InternalException", kInternal},
    NamedFault{"UnsupportedOperationException", kUnsupportedOperation},
};

// For answers of something before the proxy, such as a load balancer, that know no error names.
XksFault fault_of_status(long status) {
  switch (status) {
    case 401:
      return kAuthenticationFailed;
    case 403:
      return kAccessDenied;
    case 404:
      return kInvalidUriPath;
    case 429:
      return kThrottled;
    case 500:
      return kInternal;
    case 501:
      return kUnsupportedOperation;
    case 503:
    case 504:
      return kDependencyTimeout;
    default:
      return kInvalidResponse;
  }
}

void write_metadata(JsonWriter& json, const XksRequestMetadata& metadata) {
  json.key("requestMetadata").begin_object();
  if (!metadata.principal_arn.empty()) json.member("awsPrincipalArn", metadata.principal_arn);
  if (!metadata.key_arn.empty()) json.member("kmsKeyArn", metadata.key_arn);
  json.member("kmsOperation", metadata.operation).member("kmsRequestId", metadata.request_id).end_object();
}

// A parsed answer and what it lies in.
class Answer {
 public:
  // The object of a good answer; else the fault.
  XksResult<const JsonValue*> read(long status, std::string_view body) {
    text_.assign(body);
    text_.append(JsonDocument::kPadding, ' ');
    const auto parsed = document_.parse(as_bytes(std::string_view(text_).substr(0, body.size())));
    const JsonValue* const object = parsed && (*parsed)->is_object() ? *parsed : nullptr;
    if (status != kOk) return tl::unexpected(fault(status, object));
    if (object == nullptr) return tl::unexpected(kInvalidResponse);
    return object;
  }

 private:
  static XksFault fault(long status, const JsonValue* object) {
    const JsonValue* const name = object == nullptr ? nullptr : object->find("errorName");
    if (name == nullptr) return fault_of_status(status);
    const auto* const known = std::ranges::find(kNamedFaults, name->string(), &NamedFault::name);
    return known == kNamedFaults.end() ? fault_of_status(status) : known->fault;
  }

  JsonDocument document_;
  std::string text_;
};

std::string_view text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  return value == nullptr ? std::string_view() : value->string();
}

bool has(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  return value != nullptr && !value->is_null();
}

// A required member of this many bytes.
XksResult<Bytes> bytes_of(const JsonValue& object, std::string_view name, std::size_t min, std::size_t max) {
  const JsonValue* const value = object.find(name);
  if (value == nullptr || !value->is_string()) return tl::unexpected(kInvalidResponse);
  auto bytes = base64_decode(value->string());
  if (!bytes || bytes->size() < min || bytes->size() > max) return tl::unexpected(kInvalidResponse);
  return *std::move(bytes);
}

// SHA-256 over additional data, metadata, IV, ciphertext and tag, one after the other; where there is metadata, also
// with the lengths of the first two before them, as they are combined inside the external key manager. Either of the
// two readings of the specification counts: the value is to find accidents, and no accident makes the other one.
bool has_integrity(CryptoContext& crypto, const XksCiphertext& sealed, ByteView additional_data, ByteView value) {
  const ByteView iv = sealed.initialization_vector;
  const ByteView tag = sealed.authentication_tag;
  const Sha256Digest plain = sha256(crypto, {additional_data, sealed.metadata, iv, sealed.ciphertext, tag});
  const Bytes data_length = ByteWriter().u16(static_cast<std::uint16_t>(additional_data.size())).bytes();
  const Bytes metadata_length = ByteWriter().u8(static_cast<std::uint8_t>(sealed.metadata.size())).bytes();
  const Sha256Digest prefixed =
      sha256(crypto, {data_length, additional_data, metadata_length, sealed.metadata, iv, sealed.ciphertext, tag});
  return constant_time_equal(value, plain) || constant_time_equal(value, prefixed);
}

}  // namespace

const XksFaultMeaning& xks_fault_meaning(XksFault fault) { return kMeanings[static_cast<std::size_t>(fault)]; }

std::string xks_health_request(const XksRequestMetadata& metadata) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  write_metadata(json, metadata);
  json.end_object();
  return body;
}

std::string xks_metadata_request(const XksRequestMetadata& metadata) { return xks_health_request(metadata); }

std::string xks_encrypt_request(const XksRequestMetadata& metadata, ByteView plaintext, ByteView additional_data) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  write_metadata(json, metadata);
  if (!additional_data.empty()) json.member("additionalAuthenticatedData", additional_data);
  json.member("plaintext", plaintext)
      .member("encryptionAlgorithm", kAlgorithm)
      .member("ciphertextDataIntegrityValueAlgorithm", kIntegrityAlgorithm)
      .end_object();
  return body;
}

std::string xks_decrypt_request(const XksRequestMetadata& metadata, const XksCiphertextView& sealed,
                                ByteView additional_data) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  write_metadata(json, metadata);
  if (!additional_data.empty()) json.member("additionalAuthenticatedData", additional_data);
  json.member("encryptionAlgorithm", kAlgorithm)
      .member("ciphertext", sealed.ciphertext)
      .member("initializationVector", sealed.initialization_vector)
      .member("authenticationTag", sealed.authentication_tag);
  if (!sealed.metadata.empty()) json.member("ciphertextMetadata", sealed.metadata);
  json.end_object();
  return body;
}

XksResult<void> parse_xks_health(long status, std::string_view body) {
  Answer answer;
  const auto object = answer.read(status, body);
  if (!object) return tl::unexpected(object.error());
  const JsonValue* const size = (*object)->find("xksProxyFleetSize");
  const JsonValue* const fleet = (*object)->find("ekmFleetDetails");
  if (size == nullptr || size->integer() <= 0 || fleet == nullptr || !fleet->is_array() || fleet->size() == 0) {
    return tl::unexpected(kInvalidResponse);
  }
  for (const std::string_view name : {"xksProxyVendor", "xksProxyModel", "ekmVendor"}) {
    if (text_of(**object, name).empty()) return tl::unexpected(kInvalidResponse);
  }
  bool available = false;
  for (const JsonValue& manager : *fleet) {
    const std::string_view health = text_of(manager, "healthStatus");
    if (health == "ACTIVE" || health == "DEGRADED") {
      available = true;
    } else if (health != "UNAVAILABLE") {
      return tl::unexpected(kInvalidResponse);
    }
  }
  if (!available) return tl::unexpected(kNoManager);
  return {};
}

XksResult<void> parse_xks_metadata(long status, std::string_view body) {
  Answer answer;
  const auto object = answer.read(status, body);
  if (!object) return tl::unexpected(object.error());
  const std::string_view spec = text_of(**object, "keySpec");
  const std::string_view key_status = text_of(**object, "keyStatus");
  const JsonValue* const usages = (*object)->find("keyUsage");
  if (spec.empty() || key_status.empty() || usages == nullptr || !usages->is_array()) {
    return tl::unexpected(kInvalidResponse);
  }
  bool encrypts = false;
  bool decrypts = false;
  for (const JsonValue& usage : *usages) {
    encrypts = encrypts || usage.string() == "ENCRYPT";
    decrypts = decrypts || usage.string() == "DECRYPT";
  }
  if (spec != "AES_256" || key_status != "ENABLED" || !encrypts || !decrypts) return tl::unexpected(kInvalidState);
  return {};
}

XksResult<XksCiphertext> parse_xks_encrypt(CryptoContext& crypto, long status, std::string_view body,
                                           ByteView additional_data) {
  Answer answer;
  const auto object = answer.read(status, body);
  if (!object) return tl::unexpected(object.error());
  auto ciphertext = bytes_of(**object, "ciphertext", 1, kMaxCiphertext);
  auto iv = bytes_of(**object, "initializationVector", 12, 16);
  auto tag = bytes_of(**object, "authenticationTag", kTagSize, kTagSize);
  XksResult<Bytes> metadata = Bytes();
  if (has(**object, "ciphertextMetadata")) metadata = bytes_of(**object, "ciphertextMetadata", 0, kMaxMetadata);
  if (!ciphertext || !iv || !tag || !metadata || (iv->size() != 12 && iv->size() != 16)) {
    return tl::unexpected(kInvalidResponse);
  }
  XksCiphertext sealed{*std::move(ciphertext), *std::move(iv), *std::move(tag), *std::move(metadata)};
  if (!has(**object, "ciphertextDataIntegrityValue")) return sealed;
  const auto value = bytes_of(**object, "ciphertextDataIntegrityValue", 32, 32);
  if (!value || !has_integrity(crypto, sealed, additional_data, *value)) return tl::unexpected(kInvalidResponse);
  return sealed;
}

XksResult<Bytes> parse_xks_decrypt(long status, std::string_view body) {
  Answer answer;
  const auto object = answer.read(status, body);
  if (!object) return tl::unexpected(object.error());
  return bytes_of(**object, "plaintext", 1, kMaxCiphertext);
}

}  // namespace kagimori
