#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori {

struct OutgoingStreamOptions {
  std::string host_and_port;               // "logs.example.com:6514", "[::1]:514"
  bool tls = true;                         // 1.2 or newer, the peer's name and certificate verified
  std::string certificates;                // trusted_certificates(); empty: the system's
  std::chrono::milliseconds limit{5'000};  // to connect, and for each send
};

// A connection over TCP or TLS that bytes are sent on, and nothing is expected back. One thread.
class OutgoingStream {
 public:
  virtual ~OutgoingStream() = default;
  // All of it into the connection: whether the peer has taken it in, nobody knows. kIo when the peer has closed, or
  // does not take it in time; then the stream is of no use any more.
  virtual Status send(std::string_view bytes) = 0;
};
// kIo with what was in the way. make_curl_http() must have been called before, so that libcurl is ready.
Result<std::unique_ptr<OutgoingStream>> open_outgoing_stream(const OutgoingStreamOptions& options);

}  // namespace kagimori
