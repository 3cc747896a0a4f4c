#include "server/server_handler.h"

namespace kagimori {

Result<std::unique_ptr<HttpHandler>> ServerHandler::create(const House& house, HttpWorker& http) {
  TRY_ASSIGN(auto aws, aws::AwsHandler::create(house.dialect, http));
  std::unique_ptr<ServerHandler> handler(new ServerHandler(house, http, std::move(aws)));
  house.metrics.add_worker(http, *handler);
  return std::unique_ptr<HttpHandler>(std::move(handler));
}

void ServerHandler::on_request(const HttpRequest& request, ResponseToken token) {
  if (house_.serves_metrics[request.listener]) return answer_metrics(request, token);
  aws_->on_request(request, token);
}

void ServerHandler::on_rejected(const HttpPeer& peer, int status, std::string_view reason) {
  ++rejected_[{status, reason}];
  aws_->on_rejected(peer, status, reason);
}

void ServerHandler::answer_metrics(const HttpRequest& request, ResponseToken token) {
  if (request.path != "/metrics") {
    return http_.respond(token, plain_answer(404, "This listener serves GET /metrics and nothing else.\n"));
  }
  if (request.method != "GET") {
    HttpResponse response = plain_answer(405, "Metrics are read with GET.\n");
    response.headers.push_back({"Allow", "GET"});
    return http_.respond(token, std::move(response));
  }
  if (!house_.metrics.answer(http_, token)) {
    http_.respond(token, plain_answer(503, "Metrics can't be had now. Ask again in a moment.\n"));
  }
}

WorkerSample ServerHandler::sample() const {
  WorkerSample sample;
  const EngineWorker& worker = aws_->worker();
  sample.operations = worker.metrics.operations();
  sample.crypto = worker.metrics.crypto();
  sample.rejected = rejected_;
  sample.connections = http_.connections();
  sample.cache_hits = worker.cache.hits();
  sample.cache_misses = worker.cache.misses();
  sample.cache_entries = worker.cache.size();
  return sample;
}

}  // namespace kagimori
