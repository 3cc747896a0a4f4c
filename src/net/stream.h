#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "net/http_message.h"

namespace kagimori {

enum class IoStatus : std::uint8_t {
  kOk,         // `bytes` were moved (or the step is done)
  kWantRead,   // call again when the descriptor is readable
  kWantWrite,  // call again when it is writable
  kEnd,        // the peer has finished sending
  kFailed,     // the connection is broken
};

struct IoResult {
  IoStatus status = IoStatus::kFailed;
  std::size_t bytes = 0;
};

// The bytes of one accepted connection, with or without TLS. Non-blocking; does not own the descriptor. One thread.
class Stream {
 public:
  virtual ~Stream() = default;

  // Until it has answered kOk, nothing else may be called.
  virtual IoResult handshake() = 0;
  // Why the handshake failed: a constant sentence.
  virtual std::string_view failure() const = 0;
  // Whether the handshake failed because the client speaks HTTP without TLS.
  virtual bool got_plain_http() const = 0;

  virtual IoResult read(std::span<std::uint8_t> room) = 0;
  // Whether bytes that have left the socket can still be read.
  virtual bool has_pending() const = 0;
  virtual IoResult write(ByteView bytes) = 0;
  // Tells the peer that nothing more will come.
  virtual void finish_writing() = 0;
  virtual HttpTlsInfo tls_info() const = 0;
  // Whether the handshake took up an earlier session; false without TLS.
  virtual bool is_resumed() const = 0;
};

}  // namespace kagimori
