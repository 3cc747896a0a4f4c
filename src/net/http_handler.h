#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace kagimori {

class HttpWorker;

// What a worker does with its requests. One instance a worker; all calls come on that worker's thread. It is made there
// and destroyed with the HttpServer, after the threads have ended.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // A request has come. Answer it exactly once with HttpWorker::respond(): at once, or later from a function posted to
  // the same worker. A connection handles one request at a time.
  virtual void on_request(const HttpRequest& request, ResponseToken token) = 0;

  // Called once a turn in which an answer was queued, after all requests of the turn and before any of its answers is
  // sent: write the turn's audit records here. False: no answer of this turn that has a mark may go out, and
  // instead_of() is called for each.
  virtual bool before_answers() { return true; }
  // What goes out in the place of the answer with this HttpResponse::mark.
  virtual HttpResponse instead_of(std::size_t mark) {
    static_cast<void>(mark);
    return {.status = 500};
  }

  // The server refused something that never became a request. `status` is the HTTP status that was answered (400, 408,
  // 413, 417, 431, 503, 505), or 0 when the connection was closed without an answer (TLS failure, limits, allow-list).
  // `reason` is a constant sentence without anything the client sent. For logs and counters; do not answer.
  virtual void on_rejected(const HttpPeer& peer, int status, std::string_view reason) {
    static_cast<void>(peer);
    static_cast<void>(status);
    static_cast<void>(reason);
  }
};

// Makes the handler of one worker; called on that worker's thread before it accepts anything. The worker outlives the
// handler.
using HandlerFactory = std::function<Result<std::unique_ptr<HttpHandler>>(HttpWorker&)>;

}  // namespace kagimori
