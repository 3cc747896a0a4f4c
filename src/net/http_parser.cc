#include "net/http_parser.h"

#include <string.h>
#include <strings.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace kagimori {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

// "\r\n", sixteen hexadecimal digits, "\r\n" and then some: what the framing of a chunk may take.
constexpr std::size_t kMaxChunkFraming = 64;
// "0\r\n\r\n": until a chunked body is complete, at least this much is still to be read. Beast asserts that it is never
// asked about less of a last chunk.
constexpr std::size_t kLeastChunkRest = 5;

std::string_view to_std(BeastView text) { return {text.data(), text.size()}; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_plain_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// uri-host [ ":" port ], RFC 9110 section 7.2, with the characters that real hosts have.
bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr(".-_:[]%~", c) != nullptr;
  });
}

}  // namespace

// Takes down what Beast finds. Beast's own objections end the parse; ours are noted in `refusal` and end it too.
class HttpRequestParser::Sink final : public http::basic_parser<true> {
 public:
  Sink(std::vector<Field>& fields, std::size_t max_body_bytes) : fields_(fields) {
    header_limit((std::numeric_limits<std::uint32_t>::max)());  // HttpHeadScan has seen to it
    body_limit(max_body_bytes);
    eager(true);
    fields_.clear();
  }

  // Parses `size` bytes at `at` of the buffer that begins at `base`; returns how many were used.
  std::size_t feed(std::uint8_t* base, std::size_t at, std::size_t size, error_code& ec) {
    base_ = base;
    return put({base + at, size}, ec);
  }

  // Beast ends the parse at the second of the two, before we hear of it; should it ever let both pass, we do not.
  bool mixes_framings(const error_code& ec) const {
    return (lengths > 0 && (encodings > 0 || ec == http::error::bad_transfer_encoding)) ||
           (encodings > 0 && ec == http::error::bad_content_length);
  }

  Span method;
  Span target;
  bool is_http_1_1 = false;
  bool expects_continue = false;
  bool asks_keep_alive = false;
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  std::size_t joined_end = 0;  // where in the buffer the next piece of a chunk goes
  HttpRefusal refusal;

 private:
  Span span_of(BeastView view) const {
    return {static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(view.data()) - base_), view.size()};
  }
  void refuse(int status, std::string_view reason, error_code& ec) {
    refusal = {status, reason};
    ec = http::error::bad_value;
  }

  void on_request_impl(http::verb, BeastView method_text, BeastView target_text, int version, error_code&) override {
    method = span_of(method_text);
    target = span_of(target_text);
    is_http_1_1 = version == 11;
  }
  void on_response_impl(int, BeastView, int, error_code&) override {}

  void on_field_impl(http::field name, BeastView name_text, BeastView value, error_code& ec) override {
    if (is_header_done()) return refuse(400, "Trailers are not accepted.", ec);
    // An empty value's view need not lie in the buffer.
    fields_.push_back({span_of(name_text), value.empty() ? Span{} : span_of(value)});
    check_field(name, to_std(value), ec);
  }

  void check_field(http::field name, std::string_view value, error_code& ec) {
    switch (name) {
      case http::field::host:
        if (++hosts > 1 || !is_host(value)) refuse(400, "There must be one Host header with a valid host.", ec);
        return;
      case http::field::content_length:
        if (++lengths > 1 || !is_plain_number(value)) refuse(400, "Content-Length must be one plain number.", ec);
        return;
      case http::field::transfer_encoding:
        if (++encodings > 1 || !equals_ignoring_case(value, "chunked")) {
          refuse(400, "Transfer-Encoding must be chunked, once.", ec);
        }
        return;
      case http::field::connection:
        asks_keep_alive = asks_keep_alive || equals_ignoring_case(value, "keep-alive");
        return;
      case http::field::expect:
        if (!equals_ignoring_case(value, "100-continue")) refuse(417, "The only expectation met is 100-continue.", ec);
        expects_continue = true;
        return;
      default:
        return;
    }
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BeastView body, error_code&) override { return body.size(); }

  void on_chunk_header_impl(std::uint64_t, BeastView extensions, error_code& ec) override {
    if (!extensions.empty()) refuse(400, "Chunk extensions are not accepted.", ec);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView piece, error_code&) override {
    // Moves towards the front only, over framing that has been read: Beast looks on behind the piece.
    memmove(base_ + joined_end, piece.data(), piece.size());
    joined_end += piece.size();
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  std::vector<Field>& fields_;
  std::uint8_t* base_ = nullptr;
};

HttpRequestParser::HttpRequestParser(const HttpParserLimits& limits)
    : limits_(limits), scan_(limits.max_head_bytes, limits.max_headers) {}
HttpRequestParser::~HttpRequestParser() = default;

void HttpRequestParser::reset() {
  scan_ = HttpHeadScan(limits_.max_head_bytes, limits_.max_headers);
  stage_ = Stage::kHead;
  keep_alive_ = expects_continue_ = false;
  head_size_ = body_size_ = 0;
}

HttpRequestParser::Progress HttpRequestParser::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return Progress::kRefused;
}

HttpRequestParser::Progress HttpRequestParser::advance(Buffer& in) {
  if (stage_ == Stage::kHead) {
    const HttpHeadScan::Progress scanned = scan_.advance(in.text());
    if (scanned == HttpHeadScan::Progress::kNeedMore) return Progress::kNeedMore;
    if (scanned == HttpHeadScan::Progress::kRefused) return refuse(scan_.refusal().status, scan_.refusal().reason);
    if (read_head(in) == Progress::kRefused) return Progress::kRefused;
  }
  if (stage_ == Stage::kChunks) return read_chunks(in);
  return in.size() - head_size_ >= body_size_ ? Progress::kComplete : Progress::kNeedMore;
}

HttpRequestParser::Progress HttpRequestParser::read_head(Buffer& in) {
  head_size_ = scan_.head_size();
  if (sink_ == nullptr) {
    sink_ = std::make_unique<Sink>(fields_, limits_.max_body_bytes);
  } else {
    std::destroy_at(sink_.get());
    std::construct_at(sink_.get(), fields_, limits_.max_body_bytes);
  }
  error_code ec;
  const std::size_t used = sink_->feed(in.data(), 0, head_size_, ec);
  if (sink_->refusal.status != 0) return refuse(sink_->refusal.status, sink_->refusal.reason);
  if (ec == http::error::body_limit) return refuse(413, "The request body is too large.");
  if (sink_->mixes_framings(ec)) return refuse(400, "Content-Length and Transfer-Encoding exclude each other.");
  if (ec || !sink_->is_header_done() || used != head_size_) return refuse(400, "The request head is malformed.");
  method_ = sink_->method;
  target_ = sink_->target;
  return settle_framing();
}

HttpRequestParser::Progress HttpRequestParser::settle_framing() {
  const Sink& head = *sink_;
  if (head.hosts != 1) return refuse(400, "There must be one Host header with a valid host.");
  if (!head.is_http_1_1 && (head.encodings > 0 || head.asks_keep_alive)) {
    return refuse(400, "HTTP/1.0 knows neither chunks nor keep-alive here; use HTTP/1.1.");
  }
  keep_alive_ = head.is_http_1_1 && head.keep_alive();
  if (head.chunked()) {
    stage_ = Stage::kChunks;
    sink_->joined_end = head_size_;
  } else {
    stage_ = Stage::kFixedBody;
    body_size_ = head.lengths > 0 ? static_cast<std::size_t>(head.content_length().value_or(0)) : 0;
  }
  expects_continue_ = head.expects_continue && head.is_http_1_1 && (head.chunked() || body_size_ > 0);
  return Progress::kNeedMore;
}

HttpRequestParser::Progress HttpRequestParser::read_chunks(Buffer& in) {
  const std::size_t begin = head_size_ + body_size_;
  if (in.size() - begin < kLeastChunkRest) return Progress::kNeedMore;
  error_code ec;
  const std::size_t used = sink_->feed(in.data(), begin, in.size() - begin, ec);
  if (sink_->refusal.status != 0) return refuse(sink_->refusal.status, sink_->refusal.reason);
  if (ec == http::error::body_limit) return refuse(413, "The request body is too large.");
  if (ec && ec != http::error::need_more) return refuse(400, "The chunks of the request body are malformed.");
  body_size_ = sink_->joined_end - head_size_;
  in.erase(sink_->joined_end, begin + used - sink_->joined_end);
  if (sink_->is_done()) {
    stage_ = Stage::kFixedBody;
    return Progress::kComplete;
  }
  if (in.size() - sink_->joined_end > kMaxChunkFraming) return refuse(400, "The framing of a chunk is too long.");
  return Progress::kNeedMore;
}

bool HttpRequestParser::take_expects_continue(const Buffer& in) {
  // A client that has begun to send the body does not wait any more (RFC 9110 section 10.1.1).
  const bool waits = expects_continue_ && stage_ != Stage::kHead && in.size() == head_size_;
  if (stage_ != Stage::kHead) expects_continue_ = false;
  return waits;
}

void HttpRequestParser::describe(const Buffer& in, std::vector<HttpHeader>& headers, HttpRequest& request) const {
  const std::string_view text = in.text();
  const auto view = [text](const Span& span) { return text.substr(span.begin, span.size); };
  headers.clear();
  for (const Field& field : fields_) headers.push_back({view(field.name), view(field.value)});
  request.method = view(method_);
  request.target = view(target_);
  const std::size_t question_mark = request.target.find('?');
  request.path = request.target.substr(0, question_mark);
  request.query =
      question_mark == std::string_view::npos ? std::string_view() : request.target.substr(question_mark + 1);
  request.headers = headers;
  request.body = text.substr(head_size_, body_size_);
}

}  // namespace kagimori
