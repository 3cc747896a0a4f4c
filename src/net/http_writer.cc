#include "net/http_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kagimori {
namespace {

constexpr std::string_view kDateName = "\r\nDate: ";
constexpr std::string_view kTypeName = "\r\nContent-Type: ";
constexpr std::string_view kLengthName = "\r\nContent-Length: ";
constexpr std::string_view kClose = "\r\nConnection: close";
constexpr std::string_view kEnd = "\r\n\r\n";
// Status line, the names above, the date and two numbers.
constexpr std::size_t kFixedParts = 256;

// RFC 9110 section 15. Others get an empty phrase, which is allowed.
std::string_view reason_phrase(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 23> kPhrases = {{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  }};
  const auto* found = std::find_if(kPhrases.begin(), kPhrases.end(), [&](const auto& p) { return p.first == status; });
  return found == kPhrases.end() ? std::string_view() : found->second;
}

void append_number(Buffer& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// A line break in a value would begin a header, or an answer, of the caller's making.
void append_value(Buffer& out, std::string_view value) {
  const std::size_t begin = out.size();
  out.append(value);
  for (std::size_t i = begin; i < out.size(); ++i) {
    std::uint8_t& byte = out.data()[i];
    if (byte < 0x20 || byte == 0x7f) byte = ' ';
  }
}

std::size_t size_bound(const HttpResponse& response) {
  std::size_t size = kFixedParts + response.content_type.size() + response.body.size();
  for (const HttpResponse::Header& header : response.headers) size += header.name.size() + header.value.size() + 4;
  return size;
}

}  // namespace

bool append_http_response(Buffer& out, const HttpResponse& response, HttpAnswerForm form, std::string_view date) {
  if (!out.reserve(size_bound(response))) return false;
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(std::clamp(response.status, 200, 599)));
  out.append(" ");
  out.append(reason_phrase(response.status));
  out.append(kDateName);
  out.append(date);
  if (!response.content_type.empty()) {
    out.append(kTypeName);
    append_value(out, response.content_type);
  }
  const bool may_have_body = response.status != 204 && response.status != 304;  // RFC 9110 section 6.4.1
  if (may_have_body) {
    out.append(kLengthName);
    append_number(out, response.body.size());
  }
  for (const HttpResponse::Header& header : response.headers) {
    out.append("\r\n");
    append_value(out, header.name);
    out.append(": ");
    append_value(out, header.value);
  }
  if (form.close) out.append(kClose);
  out.append(kEnd);
  if (may_have_body && !form.head_only) out.append(response.body);
  return true;
}

}  // namespace kagimori
