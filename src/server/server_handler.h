#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "dialects/aws/aws_handler.h"
#include "net/http_handler.h"
#include "server/metrics.h"

namespace kagimori {

// What stands before the dialect on one worker: it answers on the listeners of metrics, and counts what never became a
// request.
class ServerHandler final : public HttpHandler, private WorkerSampler {
 public:
  // What it needs to know of the server it runs in. Outlives every handler.
  struct House {
    const aws::AwsDialect& dialect;
    Metrics& metrics;
    std::vector<bool> serves_metrics;  // by listener index: metrics and nothing else
  };
  static Result<std::unique_ptr<HttpHandler>> create(const House& house, HttpWorker& http);

  void on_request(const HttpRequest& request, ResponseToken token) override;
  bool before_answers() override { return aws_->before_answers(); }
  HttpResponse instead_of(std::size_t mark) override { return aws_->instead_of(mark); }
  void on_rejected(const HttpPeer& peer, int status, std::string_view reason) override;

 private:
  ServerHandler(const House& house, HttpWorker& http, std::unique_ptr<aws::AwsHandler> aws)
      : house_(house), http_(http), aws_(std::move(aws)) {}
  void answer_metrics(const HttpRequest& request, ResponseToken token);
  WorkerSample sample() const override;

  const House& house_;
  HttpWorker& http_;
  const std::unique_ptr<aws::AwsHandler> aws_;
  std::map<std::pair<int, std::string_view>, std::uint64_t> rejected_;
};

}  // namespace kagimori
