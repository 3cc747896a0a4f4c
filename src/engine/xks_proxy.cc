#include "engine/xks_proxy.h"

#include <fmt/format.h>

#include <array>

#include "protocol/sigv4.h"

namespace kagimori {
namespace {

constexpr std::string_view kScheme = "https://";

XksFault fault_of(OutgoingAnswer::Failure failure) {
  using enum OutgoingAnswer::Failure;
  switch (failure) {
    case kTimedOut:
      return XksFault::kTimedOut;
    case kTls:
      return XksFault::kTls;
    case kTooLarge:
      return XksFault::kInvalidResponse;
    default:
      return XksFault::kUnreachable;
  }
}

std::string key_call(std::string_view xks_key_id, std::string_view what) {
  return fmt::format("/keys/{}/{}", xks_key_id, what);
}

}  // namespace

XksResult<OutgoingAnswer> XksProxy::post(CryptoContext& crypto, std::string_view call, std::string body) const {
  if (http == nullptr) return tl::unexpected(XksFault::kUnreachable);
  const std::string host = configuration.uri_endpoint.substr(kScheme.size());
  const std::string path = fmt::format("{}{}", configuration.uri_path, call);
  const std::string date = to_iso_basic(now);
  const std::array<HeaderView, 3> headers = {
      HeaderView{"Host", host}, {"Content-Type", "application/json"}, {"X-Amz-Date", date}};
  SigV4Scratch scratch;
  const auto authorization = sign_sigv4(crypto, {configuration.access_key_id, secret, region, kXksService},
                                        {"POST", path, "", headers, as_bytes(body)}, scratch);
  if (!authorization) return tl::unexpected(XksFault::kInternal);
  OutgoingRequest request;
  request.url = configuration.uri_endpoint + path;
  for (const HeaderView& header : headers) request.headers.push_back(fmt::format("{}: {}", header.name, header.value));
  request.headers.push_back("Authorization: " + *authorization);
  request.body = std::move(body);
  request.connections = store_id;
  request.limit = kXksLimit;
  OutgoingAnswer answer = http->post(request);
  if (answer.failure != OutgoingAnswer::Failure::kNone) return tl::unexpected(fault_of(answer.failure));
  return answer;
}

XksResult<void> XksProxy::health(CryptoContext& crypto, const XksRequestMetadata& metadata) const {
  const auto answer = post(crypto, "/health", xks_health_request(metadata));
  if (!answer) return tl::unexpected(answer.error());
  return parse_xks_health(answer->status, answer->body);
}

XksResult<void> XksProxy::key_metadata(CryptoContext& crypto, std::string_view xks_key_id,
                                       const XksRequestMetadata& metadata) const {
  const auto answer = post(crypto, key_call(xks_key_id, "metadata"), xks_metadata_request(metadata));
  if (!answer) return tl::unexpected(answer.error());
  return parse_xks_metadata(answer->status, answer->body);
}

XksResult<XksCiphertext> XksProxy::encrypt(CryptoContext& crypto, std::string_view xks_key_id,
                                           const XksRequestMetadata& metadata, ByteView plaintext,
                                           ByteView additional_data) const {
  const auto answer =
      post(crypto, key_call(xks_key_id, "encrypt"), xks_encrypt_request(metadata, plaintext, additional_data));
  if (!answer) return tl::unexpected(answer.error());
  return parse_xks_encrypt(crypto, answer->status, answer->body, additional_data);
}

XksResult<Bytes> XksProxy::decrypt(CryptoContext& crypto, std::string_view xks_key_id,
                                   const XksRequestMetadata& metadata, const XksCiphertextView& sealed,
                                   ByteView additional_data) const {
  const auto answer =
      post(crypto, key_call(xks_key_id, "decrypt"), xks_decrypt_request(metadata, sealed, additional_data));
  if (!answer) return tl::unexpected(answer.error());
  return parse_xks_decrypt(answer->status, answer->body);
}

}  // namespace kagimori
