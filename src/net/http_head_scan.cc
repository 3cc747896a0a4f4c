#include "net/http_head_scan.h"

#include <string.h>

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenTable = make_token_table();

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Whether any byte is below 0x20 or is 0x7f; eight at a time ("determine if a word has a byte less than n").
bool has_control(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    memcpy(&word, text.data(), sizeof word);
    const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
    const std::uint64_t without_delete = word ^ (kOnes * 0x7f);
    const std::uint64_t is_delete = (without_delete - kOnes) & ~without_delete;
    if (((below_space | is_delete) & (kOnes * 0x80)) != 0) return true;
    text.remove_prefix(8);
  }
  return std::any_of(text.begin(), text.end(), is_control);
}

bool has_control_but_tab(std::string_view text) {
  return has_control(text) && std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_origin_form(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

bool is_http_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kTokenTable[static_cast<unsigned char>(c)]; });
}

HttpHeadScan::Progress HttpHeadScan::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return Progress::kRefused;
}

HttpHeadScan::Progress HttpHeadScan::advance(std::string_view bytes) {
  for (;;) {
    const std::size_t line_feed = bytes.find('\n', scanned_);
    const std::size_t received = line_feed == std::string_view::npos ? bytes.size() : line_feed + 1;
    if (received > max_head_bytes_) return refuse(431, "The request line and headers are too large.");
    if (line_feed == std::string_view::npos) {
      // A carriage return at the very end may yet get its line feed.
      const std::size_t end = bytes.size() - (bytes.ends_with('\r') ? 1 : 0);
      if (end > scanned_ && has_control_but_tab(bytes.substr(scanned_, end - scanned_))) {
        return refuse(400, "The request head contains a control character.");
      }
      scanned_ = std::max(scanned_, end);
      return Progress::kNeedMore;
    }
    if (line_feed == line_begin_ || bytes[line_feed - 1] != '\r') {
      return refuse(400, "A line of the request head does not end with CR LF.");
    }
    const std::string_view line = bytes.substr(line_begin_, line_feed - 1 - line_begin_);
    line_begin_ = scanned_ = line_feed + 1;
    if (line.empty() && lines_ > 0) return Progress::kComplete;
    if (!check_line(line)) return Progress::kRefused;
  }
}

bool HttpHeadScan::check_line(std::string_view line) {
  if (has_control_but_tab(line)) {
    refuse(400, "The request head contains a control character.");
    return false;
  }
  if (++lines_ == 1) return check_request_line(line);
  if (lines_ > max_headers_ + 1) {
    refuse(431, "The request has too many headers.");
    return false;
  }
  return check_header_line(line);
}

bool HttpHeadScan::check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_http_token(line.substr(0, first))) {
    refuse(400, "The request line is not: method, space, target, space, HTTP/1.1.");
    return false;
  }
  const std::string_view version = line.substr(last + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    refuse(400, "The request line does not end with an HTTP version.");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(505, "This server speaks HTTP/1.1.");
    return false;
  }
  if (!is_origin_form(line.substr(first + 1, last - first - 1))) {
    refuse(400, "The request target must be a path that starts with a slash, without spaces or a fragment.");
    return false;
  }
  return true;
}

bool HttpHeadScan::check_header_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    refuse(400, "A header line is folded.");
    return false;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_http_token(line.substr(0, colon))) {
    refuse(400, "A header name is not a token directly followed by a colon.");
    return false;
  }
  return true;
}

}  // namespace kagimori
