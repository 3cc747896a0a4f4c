#include "protocol/sigv4.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/encoding.h"
#include "crypto/context.h"
#include "crypto/digest.h"
#include "protocol/header_text.h"

namespace kagimori {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

// A request that owns its text.
struct OwnedRequest {
  std::string method = "GET";
  std::string path = "/";
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::vector<HeaderView> views() const {
    std::vector<HeaderView> out;
    for (const auto& [name, value] : headers) out.push_back({name, value});
    return out;
  }
  std::string* header(std::string_view lower_name) {
    for (auto& [name, value] : headers) {
      if (equals_ignoring_case(name, lower_name)) return &value;
    }
    return nullptr;
  }
};

struct GoldenCase {
  std::string name, service, region;
  OwnedRequest request;
};

std::vector<GoldenCase> read_golden_cases() {
  std::ifstream file(std::string(KAGIMORI_SOURCE_DIR) + "/src/protocol/testdata/sigv4_cases.txt");
  std::vector<GoldenCase> cases;
  for (std::string line; std::getline(file, line);) {
    std::string_view rest = line;
    const std::string_view word = take_until(rest, ' ');
    const std::string value(rest);
    if (word == "case") cases.push_back({value, "", "", {}});
    if (cases.empty()) continue;
    GoldenCase& current = cases.back();
    if (word == "service") current.service = value;
    if (word == "region") current.region = value;
    if (word == "method") current.request.method = value;
    if (word == "path") current.request.path = value;
    if (word == "query") current.request.query = value;
    if (word == "body") current.request.body = as_text(*hex_decode(value));
    if (word == "header") {
      std::string_view header = rest;
      const std::string name(take_until(header, ':'));
      current.request.headers.emplace_back(name, std::string(header));
    }
  }
  return cases;
}

class SigV4Test : public ::testing::Test {
 protected:
  Status verify(const OwnedRequest& request, std::string_view secret = kSecret) {
    const std::vector<HeaderView> headers = request.views();
    const SigV4Request view{request.method, request.path, request.query, headers, as_bytes(request.body)};
    TRY_ASSIGN(const SigV4Evidence evidence, parse_sigv4(view));
    const SecretBytes key = derive_signing_key(*crypto_, SecretBytes::copy_of(as_bytes(secret)), evidence.scope_date,
                                               evidence.region, evidence.service);
    return verify_sigv4(*crypto_, evidence, view, key.expose(), scratch_);
  }

  Result<std::string> sign(const OwnedRequest& request) {
    const std::vector<HeaderView> headers = request.views();
    const SigV4Request view{request.method, request.path, request.query, headers, as_bytes(request.body)};
    const SecretBytes secret = SecretBytes::copy_of(as_bytes(kSecret));
    return sign_sigv4(*crypto_, {"AKIDEXAMPLE", secret, "us-east-1", "kms"}, view, scratch_);
  }

  OwnedRequest signed_request() {
    OwnedRequest request{"POST", "/", "", {}, R"({"KeyId":"alias/a"})"};
    request.headers = {{"Host", "localhost:8443"},
                       {"Content-Type", "application/x-amz-json-1.1"},
                       {"X-Amz-Date", "20261122T095118Z"},
                       {"X-Amz-Target", "TrentService.Encrypt"}};
    request.headers.emplace_back("Authorization", *sign(request));
    return request;
  }

  std::unique_ptr<CryptoContext> crypto_ = *CryptoContext::create();
  SigV4Scratch scratch_;
};

// The signature test suite that AWS publishes (aws-sig-v4-test-suite): region us-east-1, service "service".
struct SuiteCase {
  std::string name, method, path, query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body, signed_headers, signature;
};

std::vector<SuiteCase> suite_cases() {
  const std::string host_date = "host;x-amz-date";
  return {
      {"get-vanilla",
       "GET",
       "/",
       "",
       {},
       "",
       host_date,
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/",
       "Param2=value2&Param1=value1",
       {},
       "",
       host_date,
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-unreserved",
       "GET",
       "/",
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       "",
       host_date,
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       "GET",
       "/",
       "\u1234=bar",
       {},
       "",
       host_date,
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-utf8",
       "GET",
       "/\u1234",
       "",
       {},
       "",
       host_date,
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-space",
       "GET",
       "/example space/",
       "",
       {},
       "",
       host_date,
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-slashes",
       "GET",
       "//example//",
       "",
       {},
       "",
       host_date,
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-relative",
       "GET",
       "/example/..",
       "",
       {},
       "",
       host_date,
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       "",
       {},
       "",
       host_date,
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       "",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "",
       "host;my-header1;x-amz-date",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-order",
       "GET",
       "/",
       "",
       {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
       "",
       "host;my-header1;x-amz-date",
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-value-trim",
       "GET",
       "/",
       "",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "",
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-vanilla",
       "POST",
       "/",
       "",
       {},
       "",
       host_date,
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-header-key-sort",
       "POST",
       "/",
       "",
       {{"My-Header1", "value1"}},
       "",
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-sts-header-before",
       "POST",
       "/",
       "",
       {{"X-Amz-Security-Token",
         "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"
         "uwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8Y"
         "QcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
         "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR"
         "/oLxBA=="}},
       "",
       "host;x-amz-date;x-amz-security-token",
       "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       "",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
}

TEST_F(SigV4Test, VerifiesTheSuiteOfAws) {
  for (const SuiteCase& suite : suite_cases()) {
    SCOPED_TRACE(suite.name);
    OwnedRequest request{suite.method, suite.path, suite.query, suite.headers, suite.body};
    request.headers.emplace_back("Host", "example.amazonaws.com");
    request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    request.headers.emplace_back("Authorization",
                                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                                 "SignedHeaders=" +
                                     suite.signed_headers + ", Signature=" + suite.signature);
    const Status status = verify(request);
    EXPECT_TRUE(status) << status.error().message;
  }
}

// IAM User Guide, "Create a signed AWS API request", the example of a signing key.
TEST_F(SigV4Test, DerivesTheSigningKeyOfTheGuide) {
  const SecretBytes secret = SecretBytes::copy_of(as_bytes(kSecret));
  EXPECT_EQ(hex_encode(derive_signing_key(*crypto_, secret, "20150830", "us-east-1", "iam").expose()),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  EXPECT_NE(hex_encode(derive_signing_key(*crypto_, secret, "20150831", "us-east-1", "iam").expose()),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST_F(SigV4Test, VerifiesWhatBotocoreSigned) {
  const std::vector<GoldenCase> cases = read_golden_cases();
  ASSERT_GE(cases.size(), 70u);
  for (const GoldenCase& golden : cases) {
    SCOPED_TRACE(golden.name);
    const Status status = verify(golden.request);
    EXPECT_TRUE(status) << status.error().message;
  }
}

TEST_F(SigV4Test, RefusesWhatBotocoreSignedOnceItIsChanged) {
  for (const GoldenCase& golden : read_golden_cases()) {
    SCOPED_TRACE(golden.name);
    const auto expect_refused = [&](OwnedRequest changed, const char* what) {
      const Status status = verify(changed);
      ASSERT_FALSE(status) << what;
      EXPECT_EQ(status.error().code, ErrorCode::kInvalidSignature) << what << status.error().message;
    };
    OwnedRequest changed = golden.request;
    changed.body += " ";
    expect_refused(changed, "body");
    changed = golden.request;
    changed.method += "X";
    expect_refused(changed, "method");
    changed = golden.request;
    changed.path += "x";
    expect_refused(changed, "path");
    changed = golden.request;
    changed.query += (changed.query.empty() ? "x=y" : "&x=y");
    expect_refused(changed, "query");
    changed = golden.request;
    *changed.header("host") += "x";
    expect_refused(changed, "host");
    const Status status = verify(golden.request, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEX");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message,
              "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
              "Access Key and signing method. Consult the service documentation for details.");
  }
}

TEST_F(SigV4Test, SignsWhatItVerifies) {
  const Status status = verify(signed_request());
  EXPECT_TRUE(status) << status.error().message;
}

TEST_F(SigV4Test, SignsAsBotocoreDoes) {
  int compared = 0;
  for (GoldenCase golden : read_golden_cases()) {
    OwnedRequest& request = golden.request;
    if (golden.service != "kms" || request.header("x-amz-date") == nullptr) continue;
    SCOPED_TRACE(golden.name);
    const std::string expected = *request.header("authorization");
    const Result<std::string> mine = sign(request);
    ASSERT_TRUE(mine);
    EXPECT_EQ(*mine, expected);
    ++compared;
  }
  EXPECT_GE(compared, 20);
}

TEST_F(SigV4Test, LeavesOutOfTheSignatureWhatProxiesChange) {
  OwnedRequest request = signed_request();
  const std::string before = *request.header("authorization");
  request.headers.emplace_back("User-Agent", "x");
  request.headers.emplace_back("Connection", "close");
  EXPECT_EQ(*sign(request), before);
  request.headers.emplace_back("X-Amz-More", "x");
  EXPECT_NE(*sign(request), before);
}

TEST_F(SigV4Test, RefusesToSignWithoutHostOrDate) {
  for (const char* missing : {"host", "x-amz-date"}) {
    OwnedRequest request = signed_request();
    std::erase_if(request.headers, [&](const auto& header) { return equals_ignoring_case(header.first, missing); });
    const Result<std::string> result = sign(request);
    ASSERT_FALSE(result) << missing;
    EXPECT_EQ(result.error().code, ErrorCode::kValidation);
  }
  OwnedRequest request = signed_request();
  *request.header("x-amz-date") = "2026-11-22T09:51:18Z";
  EXPECT_FALSE(sign(request));
}

TEST_F(SigV4Test, RefusesASignedHeaderThatChanged) {
  for (const char* name : {"host", "content-type", "x-amz-date", "x-amz-target"}) {
    OwnedRequest request = signed_request();
    std::string& value = *request.header(name);
    value = std::string_view(name) == "x-amz-date" ? "20261122T095119Z" : value + "x";
    const Status status = verify(request);
    ASSERT_FALSE(status) << name;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidSignature) << name;
  }
}

TEST_F(SigV4Test, RefusesEverySignatureWithOneBitFlipped) {
  const OwnedRequest request = signed_request();
  const std::vector<HeaderView> headers = request.views();
  const SigV4Request view{request.method, request.path, request.query, headers, as_bytes(request.body)};
  Result<SigV4Evidence> evidence = parse_sigv4(view);
  ASSERT_TRUE(evidence);
  const SecretBytes key =
      derive_signing_key(*crypto_, SecretBytes::copy_of(as_bytes(kSecret)), "20261122", "us-east-1", "kms");
  ASSERT_TRUE(verify_sigv4(*crypto_, *evidence, view, key.expose(), scratch_));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    evidence->signature[bit / 8] ^= mask;
    EXPECT_FALSE(verify_sigv4(*crypto_, *evidence, view, key.expose(), scratch_)) << bit;
    evidence->signature[bit / 8] ^= mask;
  }
}

TEST_F(SigV4Test, ComparesTheClaimedPayloadHashWithTheBody) {
  OwnedRequest request = signed_request();
  std::erase_if(request.headers, [](const auto& header) { return header.first == "Authorization"; });
  request.headers.emplace_back("X-Amz-Content-Sha256", hex_encode(sha256(*crypto_, as_bytes("another body"))));
  request.headers.emplace_back("Authorization", *sign(request));
  const Status status = verify(request);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidSignature);
  EXPECT_EQ(status.error().message, "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

// A worker's scratch must carry nothing from one request to the next.
TEST_F(SigV4Test, VerifiesTheSameAfterOtherRequests) {
  const std::vector<GoldenCase> cases = read_golden_cases();
  for (auto golden = cases.rbegin(); golden != cases.rend(); ++golden) {
    EXPECT_TRUE(verify(golden->request)) << golden->name;
    OwnedRequest changed = golden->request;
    changed.body += "x";
    EXPECT_FALSE(verify(changed)) << golden->name;
    EXPECT_TRUE(verify(golden->request)) << golden->name;
  }
}

TEST_F(SigV4Test, AllocatesNothingMoreOnceItsScratchHasGrown) {
  const OwnedRequest request = signed_request();
  ASSERT_TRUE(verify(request));
  const std::size_t capacity = scratch_.canonical.capacity();
  const char* address = scratch_.canonical.data();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(verify(request));
  EXPECT_EQ(scratch_.canonical.capacity(), capacity);
  EXPECT_EQ(scratch_.canonical.data(), address);
}

}  // namespace
}  // namespace kagimori
