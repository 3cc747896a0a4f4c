#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/buffer.h"
#include "net/http_head_scan.h"
#include "net/http_message.h"

namespace kagimori {

struct HttpParserLimits {
  std::size_t max_head_bytes = 0;
  std::size_t max_headers = 0;
  std::size_t max_body_bytes = 0;
};

// Turns the bytes of one connection into requests, one at a time. HttpHeadScan looks first; what it lets through is
// parsed by Boost.Beast's parser (RFC 9112), and both must agree where the head ends. Refuses what is ambiguous: any
// doubling or mixing of Content-Length and Transfer-Encoding, a transfer coding other than one `chunked`, chunk
// extensions, trailers, a missing or second Host, HTTP/1.0 with keep-alive or chunks. One thread.
class HttpRequestParser {
 public:
  enum class Progress : std::uint8_t { kNeedMore, kComplete, kRefused };

  explicit HttpRequestParser(const HttpParserLimits& limits);
  ~HttpRequestParser();
  HttpRequestParser(const HttpRequestParser&) = delete;
  HttpRequestParser& operator=(const HttpRequestParser&) = delete;

  // `in` holds everything received from the request's first byte on; call again when more has been appended. Chunks are
  // joined in place, which takes their framing out of `in`. Bytes of a next request stay behind this one's.
  Progress advance(Buffer& in);

  // After kRefused. The connection can't be used further.
  const HttpRefusal& refusal() const { return refusal_; }
  // After kNeedMore: whether the client waits for `100 Continue`; says so once a request.
  bool take_expects_continue(const Buffer& in);

  // After kComplete: how much of `in` the request takes, whether the client lets the connection live on, and the views
  // into `in` (the caller adds peer, TLS and listener). `headers` is where the list of headers is put.
  std::size_t request_size() const { return head_size_ + body_size_; }
  bool keep_alive() const { return keep_alive_; }
  void describe(const Buffer& in, std::vector<HttpHeader>& headers, HttpRequest& request) const;

  // Begins with the next request; its bytes must now be at the front of the buffer.
  void reset();

 private:
  enum class Stage : std::uint8_t { kHead, kFixedBody, kChunks };
  struct Span {  // within the buffer
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };
  class Sink;  // derives from Beast's parser

  Progress refuse(int status, std::string_view reason);
  Progress read_head(Buffer& in);
  Progress settle_framing();
  Progress read_chunks(Buffer& in);

  const HttpParserLimits limits_;
  HttpHeadScan scan_;
  std::unique_ptr<Sink> sink_;  // made anew for each request, in the same memory
  Stage stage_ = Stage::kHead;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;  // with chunks: how much of it has been joined
  Span method_;
  Span target_;
  std::vector<Field> fields_;
  HttpRefusal refusal_;
};

}  // namespace kagimori
