#pragma once

#include "net/stream.h"

namespace kagimori {

// A socket without TLS.
class PlainStream final : public Stream {
 public:
  explicit PlainStream(int fd) : fd_(fd) {}

  IoResult handshake() override { return {IoStatus::kOk, 0}; }
  std::string_view failure() const override { return {}; }
  bool got_plain_http() const override { return false; }
  IoResult read(std::span<std::uint8_t> room) override;
  bool has_pending() const override { return false; }
  IoResult write(ByteView bytes) override;
  void finish_writing() override;
  HttpTlsInfo tls_info() const override { return {}; }
  bool is_resumed() const override { return false; }

 private:
  int fd_;
};

}  // namespace kagimori
