#include "server/webhook_sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/json_writer.h"

namespace kagimori {
namespace {

constexpr std::chrono::milliseconds kLimit{5'000};
constexpr long kFirstGood = 200, kLastGood = 299;

std::string_view failure_text(OutgoingAnswer::Failure failure) {
  switch (failure) {
    case OutgoingAnswer::Failure::kTimedOut:
      return "did not answer in time";
    case OutgoingAnswer::Failure::kTls:
      return "has a certificate that is not trusted, or speaks no TLS";
    case OutgoingAnswer::Failure::kTooLarge:
      return "sent too large an answer";
    case OutgoingAnswer::Failure::kUnreachable:
    case OutgoingAnswer::Failure::kNone:
      break;
  }
  return "can't be reached";
}

// The path of many a webhook is its secret.
std::string without_path(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  const std::size_t user = url.rfind('@', end);  // so may be what stands before the host
  const std::size_t begin = user != std::string::npos && user >= host ? user + 1 : host;
  return url.substr(0, host) + url.substr(begin, end - begin);
}

class WebhookSink final : public audit::Sink {
 public:
  WebhookSink(std::unique_ptr<OutgoingHttp> http, std::string url, const std::string& authorization)
      : http_(std::move(http)),
        url_(std::move(url)),
        shown_url_(without_path(url_)),
        headers_{"Content-Type: application/json"} {
    if (!authorization.empty()) headers_.push_back("Authorization: " + authorization);
  }

  Status deliver(std::span<const audit::SinkEvent> events) override {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("events").begin_array();
    for (const audit::SinkEvent& event : events) {
      json.begin_object().member("number", static_cast<std::int64_t>(event.index));
      json.key("event").raw(event.line).end_object();
    }
    json.end_array().end_object();
    const OutgoingAnswer answer = http_->post({url_, headers_, std::move(body), "events", kLimit});
    if (answer.failure != OutgoingAnswer::Failure::kNone) {
      return fail(ErrorCode::kIo, fmt::format("{} {}.", shown_url_, failure_text(answer.failure)));
    }
    if (answer.status >= kFirstGood && answer.status <= kLastGood) return {};
    return fail(ErrorCode::kIo, fmt::format("{} answered with status {}.", shown_url_, answer.status));
  }

 private:
  const std::unique_ptr<OutgoingHttp> http_;
  const std::string url_, shown_url_;
  std::vector<std::string> headers_;
};

}  // namespace

std::unique_ptr<audit::Sink> make_webhook_sink(std::unique_ptr<OutgoingHttp> http, std::string url,
                                               const std::string& authorization) {
  return std::make_unique<WebhookSink>(std::move(http), std::move(url), authorization);
}

}  // namespace kagimori
