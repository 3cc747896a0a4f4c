#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_handler.h"
#include "net/http_worker.h"
#include "net/net_config.h"
#include "net/task.h"

namespace kagimori {

// An HTTP/1.1 server: worker threads, each with its loop, sockets and handler. All functions may be called from any
// thread, except where said.
class HttpServer {
 public:
  struct Address {
    std::size_t listener = 0;  // ListenerConfig::index
    std::string text;          // "127.0.0.1:8443", "[::1]:8443", "unix:/run/kagimori.sock"
    std::uint16_t port = 0;    // the actual one; 0 for a Unix socket
  };

  // Opens every listener, starts the workers and makes their handlers; clients can connect when it returns.
  // kBadConfiguration: an address, network, certificate, key or limit is wrong. kIo: a socket can't be opened. Errors
  // of the factory are passed on. Nothing is left running after an error.
  static Result<std::unique_ptr<HttpServer>> start(NetConfig config, const HandlerFactory& factory);

  // Calls shutdown() if that has not been done. Requests' memory and the handlers live until here, so end every other
  // thread that works on a request before.
  virtual ~HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  virtual std::vector<Address> addresses() const = 0;
  virtual std::size_t worker_count() const = 0;

  // Runs `task` on that worker's thread; false if it has ended (see EventLoop::post).
  virtual bool post_to(std::size_t worker, Task task) = 0;
  // Runs a copy of `function` on every worker's thread, with the worker's index. False if a worker has ended; the
  // others still run it.
  virtual bool post_to_all(const std::function<void(std::size_t worker)>& function) = 0;

  // Checks the new certificate and key (kBadConfiguration if they are wrong, and nothing changes), then has every
  // worker use them for connections accepted from its next turn on.
  virtual Status reload_certificate(TlsIdentity identity) = 0;

  // Stops accepting, finishes requests under way, closes idle connections, and returns when all threads have ended;
  // what is not finished by the deadline is cut off. Not from a worker's thread.
  virtual void shutdown(std::chrono::milliseconds deadline) = 0;

 protected:
  HttpServer() = default;
};

}  // namespace kagimori
