#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/context.h"

namespace kagimori {

// The messages between a key management service and an external key store proxy (AWS KMS External Keystore Proxy API
// Specification 1.0): the bodies of requests, and what answers say. Pure; who sends them is elsewhere.

inline constexpr std::string_view kXksService = "kms-xks-proxy";  // of SigV4
inline constexpr std::size_t kMaxXksAdditionalData = 8'192;       // bytes

// What a proxy or the way to it can be wrong with.
enum class XksFault : std::uint8_t {
  kUnreachable,
  kTimedOut,
  kTls,
  kInvalidResponse,  // also ValidationException: one of the two does not speak the protocol
  kInvalidState,
  kInvalidCiphertext,
  kInvalidKeyUsage,
  kAuthenticationFailed,
  kAccessDenied,
  kKeyNotFound,
  kInvalidUriPath,
  kThrottled,
  kDependencyTimeout,
  kInternal,
  kUnsupportedOperation,
  kNoManager,  // the proxy is well, but every external key manager behind it is unavailable
};
template <typename T>
using XksResult = tl::expected<T, XksFault>;

// What a fault means to each side. The proxy's own words are never passed on.
struct XksFaultMeaning {
  std::string_view sentence;          // follows "The external key store proxy "
  ErrorCode store;                    // to CreateCustomKeyStore and UpdateCustomKeyStore
  ErrorCode create_key;               // to CreateKey
  std::string_view connection_error;  // AWS's ConnectionErrorCode
};
const XksFaultMeaning& xks_fault_meaning(XksFault fault);

// Who asks and why. `key_arn` is empty for health and metadata of no KMS key yet.
struct XksRequestMetadata {
  std::string principal_arn;
  std::string key_arn;
  std::string operation;  // of AWS KMS, e.g. "Encrypt"
  std::string request_id;
};

struct XksCiphertextView {
  ByteView ciphertext, initialization_vector, authentication_tag, metadata;
};
struct XksCiphertext {
  Bytes ciphertext, initialization_vector, authentication_tag, metadata;
};

std::string xks_health_request(const XksRequestMetadata& metadata);
std::string xks_metadata_request(const XksRequestMetadata& metadata);
std::string xks_encrypt_request(const XksRequestMetadata& metadata, ByteView plaintext, ByteView additional_data);
std::string xks_decrypt_request(const XksRequestMetadata& metadata, const XksCiphertextView& sealed,
                                ByteView additional_data);

// Each reads the answer to such a request, of any HTTP status.
XksResult<void> parse_xks_health(long status, std::string_view body);
// Success for an enabled AES-256 key that encrypts and decrypts; kInvalidState for any other.
XksResult<void> parse_xks_metadata(long status, std::string_view body);
// Checks the ciphertext data integrity value where the proxy gives one.
XksResult<XksCiphertext> parse_xks_encrypt(CryptoContext& crypto, long status, std::string_view body,
                                           ByteView additional_data);
XksResult<Bytes> parse_xks_decrypt(long status, std::string_view body);

}  // namespace kagimori
