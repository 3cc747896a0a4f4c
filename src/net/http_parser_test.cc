#include "net/http_parser.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

constexpr HttpParserLimits kLimits{1024, 8, 100};

class HttpParserTest : public testing::Test {
 protected:
  using Progress = HttpRequestParser::Progress;

  Progress feed(std::string_view bytes) {
    EXPECT_TRUE(in_.reserve(bytes.size()));
    in_.append(bytes);
    return parser_.advance(in_);
  }
  HttpRequest request() {
    HttpRequest result;
    parser_.describe(in_, headers_, result);
    return result;
  }

  BufferBudget budget_{std::size_t{1} << 20};
  BufferPool pool_{budget_};
  Buffer in_{pool_};
  HttpRequestParser parser_{kLimits};
  std::vector<HttpHeader> headers_;
};

constexpr std::string_view kPost =
    "POST /a/b?x=1&y=? HTTP/1.1\r\nHost: kms.example:8443\r\nX-Amz-Target:  TrentService.Encrypt\t\r\n"
    "Content-Length: 5\r\n\r\nhello";

TEST_F(HttpParserTest, GivesTheRequestAsViews) {
  ASSERT_EQ(feed(kPost), Progress::kComplete);
  const HttpRequest r = request();
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.target, "/a/b?x=1&y=?");
  EXPECT_EQ(r.path, "/a/b");
  EXPECT_EQ(r.query, "x=1&y=?");
  ASSERT_EQ(r.headers.size(), 3U);
  EXPECT_EQ(r.headers[1].name, "X-Amz-Target");
  EXPECT_EQ(r.headers[1].value, "TrentService.Encrypt");
  EXPECT_EQ(r.header("x-amz-target"), "TrentService.Encrypt");
  EXPECT_EQ(r.find("absent"), nullptr);
  EXPECT_EQ(r.body, "hello");
  EXPECT_TRUE(parser_.keep_alive());
  EXPECT_EQ(parser_.request_size(), kPost.size());
}

TEST_F(HttpParserTest, TakesTheRequestInAnyTwoPieces) {
  for (std::size_t cut = 1; cut < kPost.size(); ++cut) {
    ASSERT_EQ(feed(kPost.substr(0, cut)), Progress::kNeedMore) << cut;
    ASSERT_EQ(feed(kPost.substr(cut)), Progress::kComplete) << cut;
    EXPECT_EQ(request().body, "hello") << cut;
    in_.release();
    parser_.reset();
  }
}

constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n "
    "\r\nA\r\n0123456789\r\n0\r\n\r\n";

TEST_F(HttpParserTest, JoinsChunksWhereverTheyAreCut) {
  for (std::size_t cut = 1; cut < kChunked.size(); ++cut) {
    ASSERT_EQ(feed(kChunked.substr(0, cut)), Progress::kNeedMore) << cut;
    ASSERT_EQ(feed(kChunked.substr(cut)), Progress::kComplete) << cut;
    EXPECT_EQ(request().body, "hello 0123456789") << cut;
    EXPECT_EQ(parser_.request_size(), in_.size()) << cut;
    in_.release();
    parser_.reset();
  }
}

TEST_F(HttpParserTest, JoinsChunksThatComeByteByByteAndKeepsTheNextRequest) {
  for (std::size_t i = 0; i + 1 < kChunked.size(); ++i)
    ASSERT_EQ(feed(kChunked.substr(i, 1)), Progress::kNeedMore) << i;
  ASSERT_EQ(feed("\nGET /next HTTP/1.1\r\n"), Progress::kComplete);
  EXPECT_EQ(request().body, "hello 0123456789");
  EXPECT_EQ(in_.text().substr(parser_.request_size()), "GET /next HTTP/1.1\r\n");
  in_.erase(0, parser_.request_size());
  parser_.reset();
  ASSERT_EQ(feed("Host: h\r\n\r\n"), Progress::kComplete);
  EXPECT_EQ(request().path, "/next");
}

TEST_F(HttpParserTest, TakesAnEmptyChunkedBodyByteByByte) {
  const std::string bytes = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) ASSERT_EQ(feed(bytes.substr(i, 1)), Progress::kNeedMore) << i;
  ASSERT_EQ(feed("\n"), Progress::kComplete);
  EXPECT_EQ(request().body, "");
}

TEST_F(HttpParserTest, KeepsReadableBytesBehindTheBody) {
  const std::string body(100, 'x');
  ASSERT_EQ(feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" + body), Progress::kComplete);
  const std::string_view view = request().body;
  const std::string_view with_padding(view.data(), view.size() + HttpRequest::kBodyPadding);
  EXPECT_EQ(with_padding.find('\0'), body.size());  // and the address sanitizer watches
}

TEST_F(HttpParserTest, SaysOnceThatTheClientWaits) {
  ASSERT_EQ(feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"),
            Progress::kNeedMore);
  EXPECT_TRUE(parser_.take_expects_continue(in_));
  EXPECT_FALSE(parser_.take_expects_continue(in_));
  ASSERT_EQ(feed("ab"), Progress::kComplete);
}

TEST_F(HttpParserTest, AClientThatSendsItsBodyDoesNotWait) {
  ASSERT_EQ(feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\na"),
            Progress::kNeedMore);
  EXPECT_FALSE(parser_.take_expects_continue(in_));
}

TEST_F(HttpParserTest, KnowsWhenTheConnectionEnds) {
  ASSERT_EQ(feed("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"), Progress::kComplete);
  EXPECT_FALSE(parser_.keep_alive());
  in_.release();
  parser_.reset();
  ASSERT_EQ(feed("GET / HTTP/1.0\r\nHost: h\r\n\r\n"), Progress::kComplete);
  EXPECT_FALSE(parser_.keep_alive());
}

struct Refused {
  const char* name;
  std::string bytes;
  int status;
};

std::string head(const std::string& headers) { return "POST / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n"; }
std::string chunks(const std::string& body) { return head("Transfer-Encoding: chunked\r\n") + body; }
using namespace std::string_literals;

const std::vector<Refused>& refused() {
  static const auto* const kTable = new std::vector<Refused>{
      {"two_lengths_equal", head("Content-Length: 1\r\nContent-Length: 1\r\n") + "x", 400},
      {"two_lengths", head("Content-Length: 1\r\nContent-Length: 2\r\n") + "xx", 400},
      {"length_list", head("Content-Length: 1, 1\r\n") + "x", 400},
      {"length_sign", head("Content-Length: +1\r\n") + "x", 400},
      {"length_hex", head("Content-Length: 0x1\r\n") + "x", 400},
      {"length_empty", head("Content-Length:\r\n"), 400},
      {"length_overflow", head("Content-Length: 18446744073709551617\r\n") + "x", 400},
      {"length_and_chunks", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"chunks_and_length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", 400},
      {"coding_unknown", head("Transfer-Encoding: gzip\r\n"), 400},
      {"coding_identity", head("Transfer-Encoding: identity\r\n"), 400},
      {"coding_list", head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 400},
      {"coding_twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"coding_twice_in_one", head("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n", 400},
      {"coding_with_vertical_tab",
       head("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {"coding_quoted", head("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"bare_line_feeds", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"bare_line_feed_in_headers", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
      {"bare_line_feed_at_end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"bare_carriage_return", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
      {"double_carriage_return", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400},
      {"folded", head("X: a\r\n b\r\n"), 400},
      {"folded_with_tab", head("X: a\r\n\tb\r\n"), 400},
      {"space_before_first_header", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"space_before_colon", head("Content-Length : 1\r\n") + "x", 400},
      {"no_colon", head("nonsense\r\n"), 400},
      {"empty_name", head(": x\r\n"), 400},
      {"name_not_a_token", head("X(y): z\r\n"), 400},
      {"name_beyond_ascii", head("X\xc3\xa9: z\r\n"), 400},
      {"nul_in_value", head("X: a\0b\r\n"s), 400},
      {"nul_in_name", head("X\0: a\r\n"s), 400},
      {"control_in_value", head("X: a\x01\r\n"), 400},
      {"delete_in_value", head("X: a\x7f\r\n"), 400},
      {"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two_hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
      {"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"host_with_path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
      {"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"absolute_form", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"authority_form", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"asterisk_form", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"space_in_target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two_spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"tab_for_space", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target_beyond_ascii", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"empty_first_line", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"method_not_a_token", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no_version", "GET /\r\nHost: h\r\n\r\n", 400},
      {"version_spelt_small", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"version_with_more", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"version_2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"version_0_9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"http10_keep_alive", "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", 400},
      {"http10_chunks", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"http10_no_host", "GET / HTTP/1.0\r\n\r\n", 400},
      {"expectation", head("Expect: miracles\r\nContent-Length: 1\r\n"), 417},
      {"connection_not_a_list", head("Connection: a b\r\n"), 400},
      {"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
      {"body_too_large", head("Content-Length: 101\r\n"), 413},
      {"chunk_too_large", chunks("65\r\nx"), 413},
      {"chunks_too_large", chunks("32\r\n" + std::string(50, 'x') + "\r\n33\r\n"), 413},
      {"chunk_size_wraps", chunks("10000000000000001\r\nx"), 400},
      {"chunk_size_empty", chunks("\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk_size_sign", chunks("+5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk_size_prefix", chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk_size_space", chunks("5 \r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk_extension", chunks("5;a=b\r\nhello\r\n0\r\n\r\n"), 400},
      {"last_chunk_extension", chunks("5\r\nhello\r\n0;a\r\n\r\n"), 400},
      {"chunk_bare_line_feed", chunks("5\nhello\r\n0\r\n\r\n"), 400},
      {"chunk_without_end", chunks("5\r\nhelloo\r\n0\r\n\r\n"), 400},
      {"chunk_line_endless", chunks(std::string(80, '0')), 400},
      {"trailer", chunks("0\r\nX: y\r\n\r\n"), 400},
      {"trailer_content_length", chunks("0\r\nContent-Length: 5\r\n\r\n"), 400},
      {"head_too_large", head("X: " + std::string(1024, 'a') + "\r\n"), 431},
      {"head_endless", "GET /" + std::string(1024, 'a'), 431},
      {"too_many_headers", head("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nI: 1\r\n"), 431},
  };
  return *kTable;
}

TEST_F(HttpParserTest, NamesBothFramingsWhicheverIsFirst) {
  for (const char* const both :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    EXPECT_EQ(feed(head(both)), Progress::kRefused) << both;
    EXPECT_EQ(parser_.refusal().reason, "Content-Length and Transfer-Encoding exclude each other.") << both;
    in_.release();
    parser_.reset();
  }
}

class HttpParserRefusalTest : public HttpParserTest, public testing::WithParamInterface<Refused> {};

TEST_P(HttpParserRefusalTest, AtOnce) {
  EXPECT_EQ(feed(GetParam().bytes), Progress::kRefused);
  EXPECT_EQ(parser_.refusal().status, GetParam().status) << parser_.refusal().reason;
  EXPECT_FALSE(parser_.refusal().reason.empty());
}

TEST_P(HttpParserRefusalTest, ByteByByte) {
  Progress progress = Progress::kNeedMore;
  for (const char c : GetParam().bytes) {
    if (progress != Progress::kNeedMore) break;
    progress = feed({&c, 1});
  }
  EXPECT_EQ(progress, Progress::kRefused);
  EXPECT_EQ(parser_.refusal().status, GetParam().status) << parser_.refusal().reason;
}

INSTANTIATE_TEST_SUITE_P(Table, HttpParserRefusalTest, testing::ValuesIn(refused()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(HttpParserTest, TakesWhatIsUnusualButClear) {
  for (const std::string& bytes :
       {head("X: \r\n"), head("X: a\tb\r\n"), head("X: caf\xc3\xa9\r\n"), head("Content-Length: 0\r\n"),
        head("Upgrade: h2c\r\nConnection: Upgrade\r\n"), head("transfer-encoding: Chunked\r\n") + "0\r\n\r\n",
        std::string("PROPFIND /%00 HTTP/1.1\r\nhOST: [::1]:1\r\n\r\n")}) {
    EXPECT_EQ(feed(bytes), Progress::kComplete) << bytes << parser_.refusal().reason;
    in_.release();
    parser_.reset();
  }
}

}  // namespace
}  // namespace kagimori
