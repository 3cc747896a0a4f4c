#include "client/connection.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "crypto/context.h"
#include "protocol/sigv4.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{16} << 20;
constexpr std::size_t kReserved = 8'192;  // answers that hold a secret fit, so that growing leaves no copy of it behind
constexpr long kConnectSeconds = 10;
constexpr long kTotalSeconds = 60;
constexpr long kBadRequest = 400;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeHeaders>;

void add_header(HeaderList& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;  // out of memory: the request fails its signature
  static_cast<void>(list.release());
  list.reset(longer);
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size > kMaxAnswer) return 0;
  body.append(data, size);
  return size;
}

// Without AWS_CA_BUNDLE it is the system's file.
Error bad_ca_bundle(const ClientSettings& settings) {
  if (settings.ca_bundle.empty()) {
    return {ErrorCode::kIo,
            "The CA certificates of this system can't be read. Set AWS_CA_BUNDLE to the CA certificate of the server, "
            "usually DIR/tls/ca.pem."};
  }
  const char* const why = access(settings.ca_bundle.c_str(), R_OK) == 0 ? "no PEM certificate" : std::strerror(errno);
  return {ErrorCode::kIo,
          fmt::format("The file of AWS_CA_BUNDLE, {}, can't be read as CA certificates ({}). Name the CA "
                      "certificate of the server, usually DIR/tls/ca.pem.",
                      settings.ca_bundle, why)};
}

// A TLS port answers plain HTTP with this status and sentence.
bool wants_tls(const ServiceAnswer& answer, const ClientSettings& settings) {
  return answer.status == kBadRequest && settings.endpoint.starts_with("http://") &&
         answer.body.find("HTTP without TLS") != std::string::npos;
}

Error no_answer(CURLcode code, const char* detail, const ClientSettings& settings) {
  const std::string what = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::kIo, fmt::format("No server answers at {} ({}). Start it with `kagimori serve`, or correct "
                                          "AWS_ENDPOINT_URL or --endpoint.",
                                          settings.endpoint, what)};
    case CURLE_SSL_CACERT_BADFILE:
      return bad_ca_bundle(settings);
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorCode::kIo, fmt::format("The certificate of {} can't be trusted ({}). Set AWS_CA_BUNDLE to the CA "
                                          "certificate of the server, usually DIR/tls/ca.pem.",
                                          settings.endpoint, what)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::kIo, fmt::format("The server at {} did not answer in time ({}). Look at its log; whether the "
                                          "change was made is not known.",
                                          settings.endpoint, what)};
    default:
      return {ErrorCode::kIo, fmt::format("The request to {} failed: {}. Whether the change was made is not known.",
                                          settings.endpoint, what)};
  }
}

}  // namespace

ServiceAnswer::~ServiceAnswer() { secure_wipe({reinterpret_cast<std::uint8_t*>(body.data()), body.size()}); }

struct Connection::Parts {
  ClientSettings settings;
  std::unique_ptr<CryptoContext> crypto;
  SigV4Scratch scratch;
  std::unique_ptr<CURL, FreeEasy> easy;
  std::array<char, CURL_ERROR_SIZE> detail{};
};

Connection::Connection(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::create(ClientSettings settings) {
  auto parts = std::make_unique<Parts>();
  parts->settings = std::move(settings);
  TRY_ASSIGN(parts->crypto, CryptoContext::create());
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(ErrorCode::kInternal, "libcurl can't be started.");
  parts->easy.reset(curl_easy_init());
  CURL* const easy = parts->easy.get();
  if (easy == nullptr) return fail(ErrorCode::kInternal, "libcurl can't be started.");
  curl_easy_setopt(easy, CURLOPT_URL, (parts->settings.endpoint + "/").c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!parts->settings.ca_bundle.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, parts->settings.ca_bundle.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "kagimori-cli");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, kTotalSeconds);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, parts->detail.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  return std::unique_ptr<Connection>(new Connection(std::move(parts)));
}

Result<ServiceAnswer> Connection::post(std::string_view service, std::string_view target, std::string_view body) {
  const ClientSettings& settings = parts_->settings;
  const std::string date = to_iso_basic(SystemClock().now());
  std::vector<HeaderView> headers = {
      {"Host", settings.host},
      {"Content-Type", target.empty() ? "application/x-www-form-urlencoded" : "application/x-amz-json-1.1"},
      {"X-Amz-Date", date}};
  if (!target.empty()) headers.push_back({"X-Amz-Target", target});
  const std::string& token = settings.credentials.session_token;
  if (!token.empty()) headers.push_back({"X-Amz-Security-Token", token});
  const SigV4Request request{"POST", "/", "", headers, as_bytes(body)};
  const SigV4Signer signer{settings.credentials.access_key_id, settings.credentials.secret_access_key, settings.region,
                           service};
  TRY_ASSIGN(const std::string authorization, sign_sigv4(*parts_->crypto, signer, request, parts_->scratch));

  HeaderList list;
  for (const HeaderView& header : headers) add_header(list, fmt::format("{}: {}", header.name, header.value));
  add_header(list, "Authorization: " + authorization);
  add_header(list, "Expect:");
  ServiceAnswer answer;
  answer.body.reserve(kReserved);
  parts_->detail[0] = '\0';
  CURL* const easy = parts_->easy.get();
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
  if (code != CURLE_OK) return fail(no_answer(code, parts_->detail.data(), settings));
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  if (wants_tls(answer, settings)) {
    return fail(ErrorCode::kIo,
                fmt::format("The server at {} speaks TLS there. Write the endpoint with https://.", settings.endpoint));
  }
  return answer;
}

}  // namespace kagimori
