#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/aws/json_call.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/test_seam.h"
#include "engine/engine.h"
#include "net/http_handler.h"
#include "net/http_worker.h"
#include "protocol/json.h"

namespace kagimori::aws {

// What the dialect needs to know of the server it runs in. Outlives every handler.
struct AwsDialect {
  Engine& engine;
  std::vector<Planes> listener_planes;  // by listener index
  // The page at /readyz and the like; null when the path is not one of the server's own.
  std::function<std::optional<HttpResponse>(std::string_view path)> plain_pages;
  TestSeam* test_seam = nullptr;  // null unless the server is in test mode: what requests may do to it then
};

// AWS's dialects on one worker: KMS (JSON 1.1, target TrentService.*), IAM and STS (Query), and Kagimori's own
// operations (JSON 1.1, target Kagimori.*). Collects the evidence of identity, decodes, calls the engine, encodes.
class AwsHandler final : public HttpHandler {
 public:
  static Result<std::unique_ptr<AwsHandler>> create(const AwsDialect& dialect, HttpWorker& http);

  void on_request(const HttpRequest& request, ResponseToken token) override;
  bool before_answers() override;
  HttpResponse instead_of(std::size_t mark) override;
  void on_rejected(const HttpPeer& peer, int status, std::string_view reason) override;

  // What it has counted. On the worker's thread.
  const EngineWorker& worker() const { return *worker_; }

 private:
  // A body or an error in the form of one protocol.
  using Encode = HttpResponse (*)(Result<std::string> body, const std::string& request_id);

  // A request under way. The views of `request` stay good until it is answered.
  struct Pending {
    HttpRequest request;
    ResponseToken token;
    std::string request_id;
    Timestamp began;
    int fills = 0;
    bool counted = false;  // by the throttle
    Dialect dialect = Dialect::kAwsKms;
    std::string principal = {};
    std::string_view operation = {};  // a literal
    Encode encode = nullptr;
  };
  // What is needed to refuse a request whose answer is queued.
  struct Answered {
    Encode encode;
    std::string request_id;
  };

  AwsHandler(const AwsDialect& dialect, HttpWorker& http, std::unique_ptr<EngineWorker> worker)
      : dialect_(dialect), http_(http), worker_(std::move(worker)) {}

  void process(Pending pending);
  void answer_page(const Pending& pending);
  // Whether this listener serves it and its account may ask for it now.
  Status admit(Pending& pending, const Caller& caller, const Trail& trail, RequestFamily family);
  void process_json(Pending pending, std::string_view target);
  void process_query(Pending pending);
  // Answers a request that can't go on. Called at most once.
  using Refuse = std::function<void(const Pending& pending, const Error& error)>;
  // Fetches what a verb missed and runs the request again, or refuses it where that can't be had.
  void fill_and_retry(Pending pending, Refuse refuse);
  // Answers a JSON request: emits its event, or fetches what it missed and runs it again.
  void finish_json(Pending pending, const Caller& caller, const Trail& trail, Result<std::string> body);
  void run(Pending pending, Caller caller, Trail trail, Engine::Work work, Engine::Prepare prepare = {},
           bool calls_outside = false);
  // What a test ordered instead of serving such a request.
  std::optional<Error> ordered_fault(std::string_view operation) const;
  Result<Caller> authenticate(const Pending& pending, Dialect dialect, std::string_view service);
  // Answers a request whose sender could not be identified.
  void refuse_stranger(const Pending& pending, const Error& error);
  void respond(const Pending& pending, Result<std::string> body, std::string_view key_arn);

  const AwsDialect& dialect_;
  HttpWorker& http_;
  std::unique_ptr<EngineWorker> worker_;
  JsonDocument document_;
  std::vector<Answered> answered_;  // in this turn; an HttpResponse::mark is a place in it, counted from 1
  std::vector<Answered> withheld_;  // those of the turn whose events could not be written
};

}  // namespace kagimori::aws
