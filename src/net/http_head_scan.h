#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kagimori {

// Why a request is refused: the status to answer and a constant sentence.
struct HttpRefusal {
  int status = 0;
  std::string_view reason;
};

// The strict look at a request's head before any parser sees it: refuses every form that two HTTP parsers could read
// differently (RFC 9112 sections 2.2, 3, 5 and 11.2, without their leniencies), as early as its bytes allow.
// What the header lines mean together is HttpRequestParser's part.
class HttpHeadScan {
 public:
  enum class Progress : std::uint8_t { kNeedMore, kComplete, kRefused };

  HttpHeadScan(std::size_t max_head_bytes, std::size_t max_headers)
      : max_head_bytes_(max_head_bytes), max_headers_(max_headers) {}

  // `bytes` is everything received from the request's first byte on; call again with more of the same.
  Progress advance(std::string_view bytes);
  std::size_t head_size() const { return line_begin_; }  // once complete; with the empty line
  const HttpRefusal& refusal() const { return refusal_; }

 private:
  Progress refuse(int status, std::string_view reason);
  bool check_line(std::string_view line);
  bool check_request_line(std::string_view line);
  bool check_header_line(std::string_view line);

  std::size_t max_head_bytes_;
  std::size_t max_headers_;
  std::size_t line_begin_ = 0;
  std::size_t scanned_ = 0;  // no line feed before
  std::size_t lines_ = 0;
  HttpRefusal refusal_;
};

// tchar of RFC 9110 section 5.6.2.
bool is_http_token(std::string_view text);

}  // namespace kagimori
