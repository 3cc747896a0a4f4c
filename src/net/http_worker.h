#pragma once

#include <cstddef>
#include <memory>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_handler.h"
#include "net/http_message.h"

namespace kagimori {

class CryptoContext;

// The part of a server that lives on one thread: its loop, its share of the connections, its handler. Made and owned by
// HttpServer. All calls on its own thread; from elsewhere go through loop().post() or HttpServer::post_to().
class HttpWorker {
 public:
  virtual ~HttpWorker() = default;
  HttpWorker(const HttpWorker&) = delete;
  HttpWorker& operator=(const HttpWorker&) = delete;

  virtual EventLoop& loop() = 0;
  // This thread's library context, which its TLS uses too. Outlives the handler.
  virtual CryptoContext& crypto() = 0;
  std::size_t index() { return loop().worker_index(); }

  // Queues the answer to a request; it is sent at the end of the turn, after HttpHandler::before_answers(). Dropped
  // (and wiped) if the client has gone or the request was answered before.
  virtual void respond(ResponseToken token, HttpResponse&& response) = 0;

 protected:
  HttpWorker() = default;
};

}  // namespace kagimori
