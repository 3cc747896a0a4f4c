#pragma once

#include "net/stream.h"
#include "net/tls_handles.h"

namespace kagimori {

// A TLS connection on a socket; made by TlsAcceptor. Only for files named tls*.
class TlsStream final : public Stream {
 public:
  TlsStream(SslHandle ssl, int fd) : ssl_(std::move(ssl)), fd_(fd) {}

  IoResult handshake() override;
  std::string_view failure() const override { return failure_; }
  bool got_plain_http() const override { return got_plain_http_; }
  IoResult read(std::span<std::uint8_t> room) override;
  bool has_pending() const override { return SSL_has_pending(ssl_.get()) == 1; }
  IoResult write(ByteView bytes) override;
  void finish_writing() override;
  HttpTlsInfo tls_info() const override;
  bool is_resumed() const override { return SSL_session_reused(ssl_.get()) == 1; }

 private:
  IoStatus status_of(int result);
  void note_failure();

  SslHandle ssl_;
  int fd_;
  bool broken_ = false;  // after a fatal error OpenSSL must not be called again, not even to say goodbye
  bool got_plain_http_ = false;
  std::string_view failure_;
};

}  // namespace kagimori
