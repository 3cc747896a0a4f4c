#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/header_text.h"
#include "protocol/sigv4.h"

namespace kagimori {
namespace {

using ::testing::HasSubstr;
using Headers = std::vector<std::pair<std::string, std::string>>;

const std::string kSignature(64, 'a');
const std::string kCredential = "AKIDEXAMPLE/20261122/us-east-1/kms/aws4_request";
const std::string kSigned = "content-type;host;x-amz-date;x-amz-target";

std::string authorization(const std::string& credential = kCredential, const std::string& signed_headers = kSigned,
                          const std::string& signature = kSignature) {
  return "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=" + signed_headers + ", Signature=" + signature;
}

Headers good_headers() {
  return {{"Host", "localhost:8443"},
          {"Content-Type", "application/x-amz-json-1.1"},
          {"X-Amz-Date", "20261122T095118Z"},
          {"X-Amz-Target", "TrentService.Encrypt"},
          {"Authorization", authorization()}};
}

Headers with(Headers headers, const std::string& name, const std::string& value) {
  headers.emplace_back(name, value);
  return headers;
}

Headers replaced(const std::string& name, const std::string& value) {
  Headers headers = good_headers();
  for (auto& header : headers) {
    if (header.first == name) header.second = value;
  }
  return headers;
}

Headers without(const std::string& name) {
  Headers headers = good_headers();
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  return headers;
}

// Keeps the text alive for the evidence's views.
struct Parsed {
  Parsed(Headers h, std::string q) : headers(std::move(h)), query(std::move(q)) {
    for (const auto& [name, value] : headers) views.push_back({name, value});
    result = parse_sigv4({"POST", "/", query, views, {}});
  }
  Headers headers;
  std::string query;
  std::vector<HeaderView> views;
  Result<SigV4Evidence> result = fail(ErrorCode::kInternal);
};

Error error_of(Headers headers, std::string query = "") {
  const Parsed parsed(std::move(headers), std::move(query));
  return parsed.result ? Error{ErrorCode::kInternal, "was accepted"} : parsed.result.error();
}

TEST(SigV4Parse, ReadsTheHeaderForm) {
  const Parsed parsed(
      with(replaced("Authorization", authorization(kCredential, kSigned + ";x-amz-zz")), "X-Amz-Zz", ""), "");
  ASSERT_TRUE(parsed.result) << parsed.result.error().message;
  const SigV4Evidence& evidence = *parsed.result;
  EXPECT_EQ(evidence.access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(evidence.scope, "20261122/us-east-1/kms/aws4_request");
  EXPECT_EQ(evidence.scope_date, "20261122");
  EXPECT_EQ(evidence.region, "us-east-1");
  EXPECT_EQ(evidence.service, "kms");
  EXPECT_EQ(evidence.terminator, "aws4_request");
  EXPECT_EQ(evidence.signed_headers, kSigned + ";x-amz-zz");
  EXPECT_THAT(evidence.signature, ::testing::Each(0xaa));
  EXPECT_EQ(to_iso8601(evidence.time), "2026-11-22T09:51:18Z");
  EXPECT_EQ(std::string(evidence.iso_time.begin(), evidence.iso_time.end()), "20261122T095118Z");
  EXPECT_FALSE(evidence.session_token);
  EXPECT_FALSE(evidence.payload_hash);
  EXPECT_FALSE(evidence.presigned);
  EXPECT_EQ(evidence.expires_seconds, 0);
  EXPECT_TRUE(evidence.decoded.empty());
}

TEST(SigV4Parse, ReadsTheSessionTokenAndThePayloadHash) {
  Headers headers =
      replaced("Authorization",
               authorization(kCredential, "host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target"));
  headers = with(with(headers, "x-amz-security-token", " tok/en== "), "X-Amz-Content-SHA256", std::string(64, '0'));
  const Parsed parsed(headers, "");
  ASSERT_TRUE(parsed.result) << parsed.result.error().message;
  EXPECT_EQ(parsed.result->session_token, "tok/en==");
  EXPECT_EQ(parsed.result->payload_hash, std::string(64, '0'));
}

TEST(SigV4Parse, ToleratesBlanksAndAnyOrderInTheAuthorization) {
  const std::string algorithm = "AWS4-HMAC-SHA256";
  const std::string credential = "Credential=" + kCredential;
  const std::string names = "SignedHeaders=" + kSigned;
  const std::string signature = "Signature=" + kSignature;
  for (const std::string& text : {algorithm + " " + credential + "," + names + "," + signature,
                                  algorithm + "   " + credential + " ,   " + names + " ,\t" + signature,
                                  algorithm + " " + signature + ", " + names + ", " + credential}) {
    const Parsed parsed(replaced("Authorization", text), "");
    ASSERT_TRUE(parsed.result) << text << parsed.result.error().message;
    EXPECT_EQ(parsed.result->signed_headers, kSigned);
  }
}

TEST(SigV4Parse, TakesTheDateHeaderWhereXAmzDateIsMissing) {
  const std::string signs_date = authorization(kCredential, "date;host");
  for (const char* date : {"Sun, 22 Nov 2026 09:51:18 GMT", "20261122T095118Z"}) {
    const Parsed parsed({{"Host", "h"}, {"Date", date}, {"Authorization", signs_date}}, "");
    ASSERT_TRUE(parsed.result) << parsed.result.error().message;
    EXPECT_EQ(to_iso8601(parsed.result->time), "2026-11-22T09:51:18Z");
    EXPECT_EQ(std::string(parsed.result->iso_time.begin(), parsed.result->iso_time.end()), "20261122T095118Z");
  }
  const Parsed both(with(good_headers(), "Date", "Thu, 01 Jan 1970 00:00:00 GMT"), "");
  ASSERT_TRUE(both.result);
  EXPECT_EQ(to_iso8601(both.result->time), "2026-11-22T09:51:18Z");
}

TEST(SigV4Parse, LeavesSdkAndTracingHeadersFree) {
  Headers headers = with(good_headers(), "amz-sdk-invocation-id", "x");
  headers = with(with(headers, "amz-sdk-request", "attempt=1"), "X-Amzn-Trace-Id", "Root=1");
  EXPECT_TRUE(Parsed(headers, "").result);
}

TEST(SigV4Parse, SaysThatAnUnsignedRequestLacksItsToken) {
  for (const char* query : {"", "a=b", "x-amz-signature=1", "X-Amz-Signatur=1"}) {
    const Error error = error_of(without("Authorization"), query);
    EXPECT_EQ(error.code, ErrorCode::kMissingAuthenticationToken) << query;
    EXPECT_EQ(error.message, "Missing Authentication Token");
  }
}

struct Refusal {
  Headers headers;
  ErrorCode code;
  std::string part_of_message;
};

TEST(SigV4Parse, RefusesABrokenAuthorization) {
  const std::string algorithm = "AWS4-HMAC-SHA256 ";
  const auto incomplete = ErrorCode::kIncompleteSignature;
  const Refusal refusals[] = {
      {replaced("Authorization", "AWS4-HMAC-SHA256"), incomplete,
       "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
       "Authorization header requires 'SignedHeaders' parameter."},
      {replaced("Authorization", algorithm + "Credential=" + kCredential), incomplete,
       "requires 'Signature' parameter"},
      {replaced("Authorization", algorithm + "Credential=" + kCredential + ", Signature=" + kSignature), incomplete,
       "Authorization header requires 'SignedHeaders' parameter."},
      {replaced("Authorization", authorization("")), incomplete, "requires 'Credential' parameter"},
      {replaced("Authorization", authorization(kCredential, "")), incomplete, "requires 'SignedHeaders' parameter"},
      {replaced("Authorization", authorization(kCredential, kSigned, "")), incomplete,
       "requires 'Signature' parameter"},
      {without("X-Amz-Date"), incomplete,
       "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
      {replaced("Authorization", authorization() + ", Signature=" + kSignature), incomplete,
       "'Signature' more than once"},
      {replaced("Authorization", authorization() + ", Foo=bar"), incomplete, "only"},
      {replaced("Authorization", authorization() + ", foo"), incomplete, "missing equal-sign"},
      {replaced("Authorization", authorization() + ",,"), incomplete, "missing equal-sign"},
      {replaced("Authorization", algorithm + "credential=" + kCredential), incomplete, "only"},
      {with(good_headers(), "authorization", authorization()), incomplete, "more than one 'authorization' header"},
      {replaced("Authorization", ""), incomplete, "must be signed with 'AWS4-HMAC-SHA256'"},
      {replaced("Authorization", "Bearer secret-token"), incomplete, "must be signed with 'AWS4-HMAC-SHA256'"},
      {replaced("Authorization", "AWS AKID:sig"), incomplete, "Unsupported AWS 'algorithm': 'AWS'"},
      {replaced("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x"), incomplete,
       "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'"},
      {replaced("Authorization", "AWS4-HMAC-SHA512 Credential=x"), incomplete, "Unsupported AWS 'algorithm'"},
      {replaced("Authorization", "aws4-hmac-sha256 Credential=x"), incomplete, "must be signed with"},
  };
  for (const Refusal& refusal : refusals) {
    const Error error = error_of(refusal.headers);
    EXPECT_EQ(error.code, refusal.code) << refusal.part_of_message;
    EXPECT_THAT(error.message, HasSubstr(refusal.part_of_message));
  }
}

TEST(SigV4Parse, NeverRepeatsASecretOfTheAuthorization) {
  EXPECT_THAT(error_of(replaced("Authorization", "Bearer secret-token")).message, ::testing::Not(HasSubstr("secret")));
  EXPECT_THAT(error_of(replaced("Authorization", authorization() + ", foo")).message,
              ::testing::Not(HasSubstr(kSignature)));
}

TEST(SigV4Parse, RefusesABrokenCredential) {
  for (const char* credential :
       {"AKID", "AKID/20261122", "AKID/20261122/us-east-1/kms", "/", "AKID/1/2/3/4/5", "////////"}) {
    const Error error = error_of(replaced("Authorization", authorization(credential)));
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << credential;
    EXPECT_EQ(
        error.message,
        std::string("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                    "got '") +
            credential + "'");
  }
  for (const std::string& id : {std::string(), std::string("AK ID"), std::string("AK-ID"), std::string("AK\xffID"),
                                std::string(129, 'A'), std::string("AKID\r\n")}) {
    const Error error = error_of(replaced("Authorization", authorization(id + "/20261122/us-east-1/kms/aws4_request")));
    EXPECT_EQ(error.code, ErrorCode::kUnrecognizedClient) << id;
  }
  EXPECT_TRUE(Parsed(replaced("Authorization", authorization(std::string(128, 'A') + "/1/2/3/4")), "").result);
}

TEST(SigV4Parse, RefusesABrokenDate) {
  for (const char* date :
       {"", "20261122", "20261122T095118", "2026-11-22T09:51:18Z", "20261322T095118Z", "20260229T095118Z",
        "20261122T245118Z", "20261122T096018Z", "2026112 T095118Z", "Sun, 22 Nov 2026 09:51:18 GMT",
        "99999999999999999999", "20261122T095118Z20261122T095118Z"}) {
    const Error error = error_of(replaced("X-Amz-Date", date));
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << date;
    EXPECT_THAT(error.message, HasSubstr("Date must be in ISO-8601 'basic format'. Got '"));
  }
}

TEST(SigV4Parse, RefusesABrokenSignature) {
  for (const std::string& signature :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'), std::string(64, 'g'), std::string("abc")}) {
    EXPECT_EQ(error_of(replaced("Authorization", authorization(kCredential, kSigned, signature))).code,
              ErrorCode::kInvalidSignature)
        << signature;
  }
}

TEST(SigV4Parse, RefusesAPayloadHashThatIsNone) {
  const Headers headers =
      replaced("Authorization", authorization(kCredential, "host;x-amz-content-sha256;x-amz-date;x-amz-target"));
  for (const std::string& hash : {std::string("UNSIGNED-PAYLOAD"), std::string("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                                  std::string(), std::string(64, 'A'), std::string(63, 'a')}) {
    const Error error = error_of(with(headers, "X-Amz-Content-Sha256", hash));
    EXPECT_EQ(error.code, ErrorCode::kInvalidSignature) << hash;
    EXPECT_THAT(error.message, HasSubstr("x-amz-content-sha256"));
  }
}

TEST(SigV4Parse, RefusesSignedHeadersOutOfForm) {
  std::string many = "host";
  for (int i = 100; i < 240; ++i) many += ";x" + std::to_string(i);
  for (const std::string& list :
       {std::string("x-amz-target;x-amz-date;host"), std::string("host;host;x-amz-date;x-amz-target"),
        std::string("Host;x-amz-date;x-amz-target"), std::string("host;;x-amz-date;x-amz-target"), ";" + kSigned,
        kSigned + ";", std::string("host;x-amz- date"), std::string("host x-amz-date"), std::string(";"), many}) {
    const Error error = error_of(replaced("Authorization", authorization(kCredential, list)));
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << list;
    EXPECT_THAT(error.message, HasSubstr("'SignedHeaders' must be"));
  }
}

TEST(SigV4Parse, RefusesRequiredHeadersThatAreNotSigned) {
  const auto unsigned_error = [](const std::string& list, const std::string& extra = "") {
    Headers headers = replaced("Authorization", authorization(kCredential, list));
    if (!extra.empty()) headers = with(headers, extra, "value");
    return error_of(headers);
  };
  EXPECT_EQ(unsigned_error("x-amz-date;x-amz-target").message,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  EXPECT_THAT(unsigned_error("host;x-amz-target").message, HasSubstr("not signed: 'X-Amz-Date'"));
  EXPECT_THAT(unsigned_error("host;x-amz-date").message, HasSubstr("not signed: 'X-Amz-Target'"));
  EXPECT_THAT(unsigned_error(kSigned, "X-Amz-Security-Token").message, HasSubstr("not signed: 'X-Amz-Security-Token'"));
  EXPECT_THAT(unsigned_error(kSigned, "x-amz-anything").message, HasSubstr("not signed: 'x-amz-anything'"));
  EXPECT_THAT(unsigned_error(kSigned, "X-AMZ-USER-AGENT").message, HasSubstr("not signed"));
  const Headers dated = {
      {"Host", "h"}, {"Date", "20261122T095118Z"}, {"Authorization", authorization(kCredential, "host")}};
  EXPECT_THAT(error_of(dated).message, HasSubstr("'X-Amz-Date' or 'Date' must be a 'SignedHeader'"));
  for (const char* list : {"x-amz-date;x-amz-target", "host;x-amz-target", "host;x-amz-date"}) {
    EXPECT_EQ(unsigned_error(list).code, ErrorCode::kInvalidSignature);
  }
}

TEST(SigV4Parse, RefusesSignedHeadersThatAreNotThere) {
  for (const char* name : {"Host", "Content-Type", "X-Amz-Target"}) {
    const Error error = error_of(without(name));
    EXPECT_EQ(error.code, ErrorCode::kInvalidSignature) << name;
    EXPECT_THAT(error.message, HasSubstr("is not in the request"));
  }
}

TEST(SigV4Parse, RefusesASecondHeaderWhereOneDecides) {
  for (const char* name : {"host", "HOST", "x-amz-date", "x-amz-target", "authorization"}) {
    const Error error = error_of(with(good_headers(), name, "x"));
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << name;
    EXPECT_THAT(error.message, HasSubstr("more than one"));
  }
  for (const char* name : {"date", "x-amz-security-token", "x-amz-content-sha256"}) {
    EXPECT_EQ(error_of(with(with(good_headers(), name, "x"), name, "x")).code, ErrorCode::kIncompleteSignature) << name;
  }
}

// ---- The presigned form.

std::string query_with(const std::string& name, const std::string& value) {
  const std::pair<std::string, std::string> parts[] = {
      {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
      {"X-Amz-Credential", "AKIDEXAMPLE%2F20261122%2Fus-east-1%2Fkms%2Faws4_request"},
      {"X-Amz-Date", "20261122T095118Z"},
      {"X-Amz-Expires", "60"},
      {"X-Amz-SignedHeaders", "content-type%3Bhost"},
      {"X-Amz-Signature", kSignature}};
  std::string query = "Action=ListKeys";
  for (const auto& part : parts) {
    const std::string& text = part.first == name ? value : part.second;
    if (text != "(none)") query += "&" + part.first + "=" + text;
  }
  return query;
}
const Headers kPresignedHeaders = {{"Host", "h"}, {"Content-Type", "t"}};

TEST(SigV4Parse, ReadsThePresignedForm) {
  Parsed parsed(kPresignedHeaders, query_with("", "") + "&X-Amz-Security-Token=a%2Bb%2F%3D");
  ASSERT_TRUE(parsed.result) << parsed.result.error().message;
  const SigV4Evidence evidence = std::move(*parsed.result);
  EXPECT_TRUE(evidence.presigned);
  EXPECT_EQ(evidence.access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(evidence.scope, "20261122/us-east-1/kms/aws4_request");
  EXPECT_EQ(evidence.signed_headers, "content-type;host");
  EXPECT_EQ(evidence.session_token, "a+b/=");
  EXPECT_EQ(evidence.expires_seconds, 60);
  EXPECT_EQ(to_iso8601(evidence.time), "2026-11-22T09:51:18Z");
}

TEST(SigV4Parse, NamesWhatAPresignedRequestLacks) {
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
                           "X-Amz-Signature"}) {
    for (const char* value : {"(none)", ""}) {
      const Error error = error_of(kPresignedHeaders, query_with(name, value));
      EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << name;
      EXPECT_EQ(error.message, std::string("AWS query-string parameters must include '") + name +
                                   "'. Re-examine the query-string parameters.");
    }
  }
}

TEST(SigV4Parse, OnlyStsDoesWithoutExpires) {
  const auto without_expires = [](const std::string& scope) {
    std::string query = query_with("X-Amz-Expires", "(none)");
    return query.replace(query.find("kms%2Faws4_request"), 18, scope);
  };
  const Parsed sts(kPresignedHeaders, without_expires("sts%2Faws4_request"));
  ASSERT_TRUE(sts.result) << sts.result.error().message;
  EXPECT_EQ(sts.result->expires_seconds, 0);
  for (const char* scope : {"kms%2Faws4_request", "iam%2Faws4_request", "asts%2Faws4_request", "sts%2Faws5_request"}) {
    EXPECT_THAT(error_of(kPresignedHeaders, without_expires(scope)).message, HasSubstr("'X-Amz-Expires'")) << scope;
  }
  const std::string empty = without_expires("sts%2Faws4_request") + "&X-Amz-Expires=";
  EXPECT_EQ(error_of(kPresignedHeaders, empty).code, ErrorCode::kIncompleteSignature);
}

TEST(SigV4Parse, RefusesABrokenPresignedRequest) {
  const std::pair<std::string, ErrorCode> refusals[] = {
      {query_with("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Algorithm", "AWS4-HMAC-SHA256%20"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Credential", "AKIDEXAMPLE%2F20261122"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Credential", "AKID%00%2F1%2F2%2F3%2F4"), ErrorCode::kUnrecognizedClient},
      {query_with("X-Amz-Date", "Sun, 22 Nov 2026 09:51:18 GMT"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Expires", "0"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Expires", "-1"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Expires", "604801"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Expires", "99999999999999999999999999"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-Expires", "60s"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-SignedHeaders", "host%3Bcontent-type"), ErrorCode::kIncompleteSignature},
      {query_with("X-Amz-SignedHeaders", "content-type"), ErrorCode::kInvalidSignature},
      {query_with("X-Amz-SignedHeaders", "host%3Bx-not-there"), ErrorCode::kInvalidSignature},
      {query_with("X-Amz-Signature", "zz"), ErrorCode::kInvalidSignature},
      {query_with("", "") + "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", ErrorCode::kInvalidSignature},
      {query_with("", "") + "&a=%", ErrorCode::kIncompleteSignature},
      {query_with("", "") + "&a=%zz", ErrorCode::kIncompleteSignature},
      {query_with("", "") + "&%4=b", ErrorCode::kIncompleteSignature},
  };
  for (const auto& [query, code] : refusals) EXPECT_EQ(error_of(kPresignedHeaders, query).code, code) << query;
}

TEST(SigV4Parse, RefusesAPresignedParameterThatComesTwice) {
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
                           "X-Amz-Signature", "X%2DAmz-Signature", "%58-Amz-Date"}) {
    const Error error = error_of(kPresignedHeaders, query_with("", "") + "&" + name + "=x");
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << name;
    EXPECT_THAT(error.message, HasSubstr("more than once"));
  }
}

TEST(SigV4Parse, RefusesBothFormsAtOnce) {
  for (const std::string& query :
       {query_with("", ""), std::string("X-Amz-Signature=" + kSignature), std::string("X-Amz-Date"),
        std::string("X-Amz-Security-Token=t"), std::string("X%2dAmz-Algorithm=")}) {
    const Error error = error_of(good_headers(), query);
    EXPECT_EQ(error.code, ErrorCode::kIncompleteSignature) << query;
    EXPECT_THAT(error.message, HasSubstr("not in both"));
  }
  const Headers with_token = with(kPresignedHeaders, "X-Amz-Security-Token", "a");
  EXPECT_THAT(error_of(with_token, query_with("", "") + "&X-Amz-Security-Token=b").message, HasSubstr("not in both"));
  EXPECT_THAT(error_of(with_token, query_with("", "")).message, HasSubstr("not signed"));
}

}  // namespace
}  // namespace kagimori
