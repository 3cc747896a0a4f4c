#include "protocol/sigv4.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "protocol/header_text.h"
#include "protocol/http_date.h"
#include "protocol/sigv4_canonical.h"

namespace kagimori {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and "
    "signing method. Consult the service documentation for details.";

// What proxies and HTTP libraries add or change on the way.
constexpr std::array<std::string_view, 16> kNeverSigned = {
    "authorization", "cache-control", "connection",      "content-length",   "expect", "from",
    "keep-alive",    "max-forwards",  "pragma",          "referer",          "te",     "trailer",
    "upgrade",       "user-agent",    "x-amzn-trace-id", "transfer-encoding"};

using HexDigest = std::array<char, 64>;

HexDigest to_hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  HexDigest out;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    out[2 * i] = kDigits[digest[i] >> 4];
    out[2 * i + 1] = kDigits[digest[i] & 0xf];
  }
  return out;
}

std::string_view view(const HexDigest& hex) { return {hex.data(), hex.size()}; }

// The signature over the request with this payload hash (step 2 to 4 of the guide).
Mac256 signature_over(CryptoContext& crypto, const SigV4Evidence& evidence, const SigV4Request& request,
                      ByteView signing_key, SigV4Scratch& scratch, std::string_view payload_hash) {
  build_canonical_request(scratch, evidence, request, payload_hash);
  const HexDigest request_hash = to_hex(sha256(crypto, as_bytes(scratch.canonical)));
  const std::string_view time(evidence.iso_time.data(), evidence.iso_time.size());
  return hmac_sha256(crypto, signing_key,
                     {as_bytes(kAlgorithm), as_bytes("\n"), as_bytes(time), as_bytes("\n"), as_bytes(evidence.scope),
                      as_bytes("\n"), as_bytes(view(request_hash))});
}

// The names to sign, lower case, sorted and distinct, joined by semicolons.
std::string choose_signed_headers(std::span<const HeaderView> headers) {
  std::vector<std::string> names;
  for (const HeaderView& header : headers) {
    std::string name(header.name);
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (std::find(kNeverSigned.begin(), kNeverSigned.end(), name) == kNeverSigned.end())
      names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list.push_back(';');
    list += name;
  }
  return list;
}

const HeaderView* find_header(std::span<const HeaderView> headers, std::string_view lower_name) {
  for (const HeaderView& header : headers) {
    if (equals_ignoring_case(header.name, lower_name)) return &header;
  }
  return nullptr;
}

}  // namespace

SecretBytes derive_signing_key(CryptoContext& crypto, const SecretBytes& secret_access_key, std::string_view date,
                               std::string_view region, std::string_view service) {
  constexpr std::string_view kPrefix = "AWS4";
  SecretBytes seed(kPrefix.size() + secret_access_key.size());
  const std::span<std::uint8_t> room = seed.expose_mutable();
  std::copy(kPrefix.begin(), kPrefix.end(), room.begin());
  std::copy(secret_access_key.expose().begin(), secret_access_key.expose().end(), room.begin() + kPrefix.size());

  SecretBytes key = std::move(seed);
  for (const std::string_view part : {date, region, service, kTerminator}) {
    Mac256 next = hmac_sha256(crypto, key.expose(), {as_bytes(part)});
    key = SecretBytes::copy_of(next);
    secure_wipe(next);
  }
  return key;
}

void compute_signature(CryptoContext& crypto, const SigV4Evidence& evidence, const SigV4Request& request,
                       ByteView signing_key, SigV4Scratch& scratch, std::span<std::uint8_t, 32> out) {
  const HexDigest payload_hash = to_hex(sha256(crypto, request.body));
  const Mac256 mac = signature_over(crypto, evidence, request, signing_key, scratch, view(payload_hash));
  std::copy(mac.begin(), mac.end(), out.begin());
}

Status verify_sigv4(CryptoContext& crypto, const SigV4Evidence& evidence, const SigV4Request& request,
                    ByteView signing_key, SigV4Scratch& scratch) {
  const HexDigest payload_hash = to_hex(sha256(crypto, request.body));
  if (evidence.payload_hash && *evidence.payload_hash != view(payload_hash)) {
    return fail(ErrorCode::kInvalidSignature,
                "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const Mac256 expected = signature_over(crypto, evidence, request, signing_key, scratch, view(payload_hash));
  if (!constant_time_equal(expected, evidence.signature)) {
    return fail(ErrorCode::kInvalidSignature, std::string(kMismatch));
  }
  return {};
}

Result<std::string> sign_sigv4(CryptoContext& crypto, const SigV4Signer& signer, const SigV4Request& request,
                               SigV4Scratch& scratch) {
  const HeaderView* date = find_header(request.headers, "x-amz-date");
  if (find_header(request.headers, "host") == nullptr || date == nullptr || !parse_iso_basic(date->value)) {
    return fail(ErrorCode::kValidation,
                "A request needs a Host and an X-Amz-Date header (yyyymmddThhmmssZ) before it can be signed.");
  }
  SigV4Evidence evidence;
  std::copy(date->value.begin(), date->value.end(), evidence.iso_time.begin());
  const std::string_view day = date->value.substr(0, 8);
  std::string scope(day);
  for (const std::string_view part : {signer.region, signer.service, kTerminator}) scope.append("/").append(part);
  const std::string signed_headers = choose_signed_headers(request.headers);
  evidence.scope = scope;
  evidence.signed_headers = signed_headers;

  const SecretBytes key = derive_signing_key(crypto, signer.secret_access_key, day, signer.region, signer.service);
  std::array<std::uint8_t, 32> signature;
  compute_signature(crypto, evidence, request, key.expose(), scratch, signature);

  std::string out(kAlgorithm);
  out.append(" Credential=").append(signer.access_key_id).append("/").append(scope);
  out.append(", SignedHeaders=").append(signed_headers).append(", Signature=").append(hex_encode(signature));
  return out;
}

}  // namespace kagimori
