// Feeds one connection's bytes to the request parser, in pieces whose sizes the input chooses, and checks what must
// hold of every request it lets through.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/http_parser.h"

namespace {

using kagimori::Buffer;
using kagimori::HttpHeader;
using kagimori::HttpRequest;
using kagimori::HttpRequestParser;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check(const HttpRequestParser& parser, const Buffer& in, const kagimori::HttpParserLimits& limits) {
  std::vector<HttpHeader> headers;
  HttpRequest request;
  parser.describe(in, headers, request);
  const std::string_view bytes = in.text().substr(0, parser.request_size());
  require(is_inside(request.method, bytes) && !request.method.empty());
  require(is_inside(request.target, bytes) && request.target.starts_with('/'));
  require(is_inside(request.body, bytes) && request.body.size() <= limits.max_body_bytes);
  require(request.headers.size() <= limits.max_headers);
  for (const HttpHeader& header : request.headers) {
    require(is_inside(header.name, bytes) && kagimori::is_http_token(header.name));
    require(is_inside(header.value, bytes) && header.value.find_first_of("\r\n") == std::string_view::npos);
  }
  require(!request.header("host").empty());
  require(request.find("content-length") == nullptr || request.find("transfer-encoding") == nullptr);
}

}  // namespace

// The first byte chooses how much is fed at a time: 0 all, else that many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const kagimori::HttpParserLimits kLimits{2048, 16, 1024};
  const std::size_t step = *data == 0 ? size : *data;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  kagimori::BufferBudget budget(std::size_t{16} << 20);
  kagimori::BufferPool pool(budget);
  Buffer in(pool);
  HttpRequestParser parser(kLimits);
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, step);
    rest.remove_prefix(piece.size());
    require(in.reserve(piece.size()));
    in.append(piece);
    while (!in.empty()) {
      const HttpRequestParser::Progress progress = parser.advance(in);
      if (progress == HttpRequestParser::Progress::kRefused) return 0;
      if (progress == HttpRequestParser::Progress::kNeedMore) {
        parser.take_expects_continue(in);
        break;
      }
      check(parser, in, kLimits);
      in.erase(0, parser.request_size());
      parser.reset();
    }
  }
  return 0;
}
