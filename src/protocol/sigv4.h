#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"

namespace kagimori {

class CryptoContext;

// AWS Signature Version 4 (AWS IAM User Guide, "Create a signed AWS API request"), AWS4-HMAC-SHA256 only.
// The verifier's way: parse_sigv4, check_scope, check_time, look up the access key, verify_sigv4.

struct HeaderView {
  std::string_view name;  // in any case
  std::string_view value;
};

// A request as it came off the wire; views only. The host is among the headers (HTTP/2: put :authority there).
struct SigV4Request {
  std::string_view method;
  std::string_view path;   // raw, still percent-encoded
  std::string_view query;  // raw, without the question mark
  std::span<const HeaderView> headers;
  ByteView body;
};

// What a request claims about its signer; nothing in it is proven before verify_sigv4. The views point into the
// request, which must outlive it, or (presigned form) into `decoded`. Only the presigned form allocates.
struct SigV4Evidence {
  SigV4Evidence() = default;
  SigV4Evidence(SigV4Evidence&&) noexcept = default;
  SigV4Evidence& operator=(SigV4Evidence&&) noexcept = default;

  std::string_view access_key_id;  // 1 to 128 letters, digits and underscores
  std::string_view scope;          // date/region/service/aws4_request
  std::string_view scope_date;     // yyyymmdd as claimed, not checked against `time` yet
  std::string_view region;
  std::string_view service;
  std::string_view terminator;
  std::string_view signed_headers;  // lower case, sorted, distinct, joined by semicolons
  std::array<std::uint8_t, 32> signature{};
  Timestamp time;                   // of x-amz-date or, without one, Date
  std::array<char, 16> iso_time{};  // the same as yyyymmddThhmmssZ
  std::optional<std::string_view> session_token;
  std::optional<std::string_view> payload_hash;  // x-amz-content-sha256 as claimed: 64 lower-case hex digits
  bool presigned = false;
  std::int64_t expires_seconds = 0;  // presigned: 1 to 604800; 0 when STS's leave it open: as long as allowed
  std::vector<char> decoded;         // percent-decoded query values of a presigned request; a move keeps its address
};

// Buffers that canonicalisation reuses: one a worker, so that a request in steady state allocates nothing.
struct SigV4Scratch {
  std::string canonical;
  std::string encoded;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
};

// Reads the header or the presigned form. The required headers (host, x-amz-date or Date, every x-amz-* header present)
// are known to be signed afterwards. Errors, with AWS's texts where these are known:
//   kMissingAuthenticationToken  the request isn't signed at all
//   kIncompleteSignature         a part is missing, malformed, doubled, or given in both forms
//   kUnrecognizedClient          the access key id can't be one
//   kInvalidSignature            a required header isn't signed; UNSIGNED-PAYLOAD; a signature of the wrong shape
Result<SigV4Evidence> parse_sigv4(const SigV4Request& request);

// kInvalidSignature unless the credential is scoped to this region, service and terminator.
Status check_scope(const SigV4Evidence& evidence, std::string_view region, std::string_view service);

struct SigV4TimeLimits {
  std::int64_t max_skew_seconds = 300;
  std::int64_t max_presigned_expires = 300;  // also of those that say nothing; 0 refuses every presigned request
};

// kInvalidSignature unless the time is of the scope's day and within the limits around `now`: header form +-max_skew;
// presigned form from max_skew before its time until its own expiry.
Status check_time(const SigV4Evidence& evidence, Timestamp now, const SigV4TimeLimits& limits = {});

// HMAC chain "AWS4" + secret, date (yyyymmdd), region, service, aws4_request. 32 bytes.
SecretBytes derive_signing_key(CryptoContext& crypto, const SecretBytes& secret_access_key, std::string_view date,
                               std::string_view region, std::string_view service);

// The signature the request ought to carry, for the signed headers, time and scope of the evidence. The payload hash is
// always that of the body.
void compute_signature(CryptoContext& crypto, const SigV4Evidence& evidence, const SigV4Request& request,
                       ByteView signing_key, SigV4Scratch& scratch, std::span<std::uint8_t, 32> out);

// kInvalidSignature unless the request carries the right signature and, where it claims a payload hash, the right one.
// Compares in constant time. Does not check scope or time.
Status verify_sigv4(CryptoContext& crypto, const SigV4Evidence& evidence, const SigV4Request& request,
                    ByteView signing_key, SigV4Scratch& scratch);

struct SigV4Signer {
  std::string_view access_key_id;
  const SecretBytes& secret_access_key;
  std::string_view region;
  std::string_view service;
};

// For clients: the value of the Authorization header. The request must already hold host, x-amz-date and, for temporary
// credentials, x-amz-security-token; every header is signed but those that proxies change (user-agent, connection ...).
// kValidation when one of the two is missing or x-amz-date isn't yyyymmddThhmmssZ.
Result<std::string> sign_sigv4(CryptoContext& crypto, const SigV4Signer& signer, const SigV4Request& request,
                               SigV4Scratch& scratch);

}  // namespace kagimori
