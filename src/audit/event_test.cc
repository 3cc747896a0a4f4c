#include "audit/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kagimori::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string line_of(const Event& event) {
  std::string out;
  append_json_line(out, event);
  return out;
}

Event full_event() {
  Event event;
  event.time = {1'795'341'078'123'456};
  event.event_id = "11111111-1111-4111-8111-111111111111";
  event.request_id = "22222222-2222-4222-8222-222222222222";
  event.source = "kms.amazonaws.com";
  event.name = "Encrypt";
  event.region = "us-east-1";
  event.account = "123456789012";
  event.user = {"IAMUser",      "AIDAEXAMPLE",          "arn:aws:iam::123456789012:user/alice",
                "123456789012", "AKIAIOSFODNN7EXAMPLE", "alice"};
  event.source_address = "192.0.2.1";
  event.user_agent = "aws-cli/2";
  event.error_code = "AccessDenied";
  event.error_message = "no";
  event.request_parameters = {{"keyId", "\"alias/a\""}, {"dryRun", "true"}};
  event.response_elements = {{"n", "1"}};
  event.additional_data = {{"keyMaterialId", "\"ab\""}};
  event.resources = {"arn:aws:kms:us-east-1:123456789012:key/a", "arn:aws:kms:us-east-1:123456789012:key/b"};
  event.read_only = true;
  event.tls_version = "TLSv1.3";
  event.tls_cipher = "TLS_AES_256_GCM_SHA384";
  return event;
}

TEST(EventTest, HasTheGoldenLine) {
  EXPECT_EQ(
      line_of(full_event()),
      R"({"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE",)"
      R"("arn":"arn:aws:iam::123456789012:user/alice","accountId":"123456789012",)"
      R"("accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"},"eventTime":"2026-11-22T09:51:18.123456Z",)"
      R"("eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"us-east-1",)"
      R"("sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2","errorCode":"AccessDenied","errorMessage":"no",)"
      R"("requestParameters":{"keyId":"alias/a","dryRun":true},"responseElements":{"n":1},)"
      R"("additionalEventData":{"keyMaterialId":"ab"},"requestID":"22222222-2222-4222-8222-222222222222",)"
      R"("eventID":"11111111-1111-4111-8111-111111111111","readOnly":true,)"
      R"("resources":[{"accountId":"123456789012","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:123456789012:key/a"},)"
      R"({"accountId":"123456789012","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:123456789012:key/b"}],)"
      R"("eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management",)"
      R"("recipientAccountId":"123456789012","tlsDetails":{"tlsVersion":"TLSv1.3",)"
      R"("cipherSuite":"TLS_AES_256_GCM_SHA384"}})"
      "\n");
}

TEST(EventTest, LeavesOutWhatIsAbsent) {
  Event event;
  event.event_id = "e";
  event.name = "ListKeys";
  EXPECT_EQ(line_of(event),
            R"({"eventVersion":"1.11","userIdentity":{},"eventTime":"1970-01-01T00:00:00.000000Z",)"
            R"("eventName":"ListKeys","requestParameters":null,"responseElements":null,"eventID":"e",)"
            R"("readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management"})"
            "\n");
}

TEST(EventTest, TemporaryCredentialsHaveASessionContext) {
  Event event;
  event.user.type = "AssumedRole";
  event.session = SessionContext{Timestamp::from_seconds(1'800'000'000), "ann",          "AROAEXAMPLE",
                                 "arn:aws:iam::123456789012:role/r",     "123456789012", "r"};
  std::string out;
  append_json_line(out, event);
  EXPECT_THAT(
      out, testing::HasSubstr(R"("sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE",)"
                              R"("arn":"arn:aws:iam::123456789012:role/r","accountId":"123456789012","userName":"r"},)"
                              R"("attributes":{"creationDate":"2027-01-15T08:00:00Z","mfaAuthenticated":"false"},)"
                              R"("sourceIdentity":"ann"}})"));
  event.session = SessionContext{Timestamp::from_seconds(1'800'000'000), "", "", "", "", ""};
  out.clear();
  append_json_line(out, event);
  EXPECT_THAT(out, testing::HasSubstr(R"("sessionContext":{"attributes":{)"));
  EXPECT_THAT(out, testing::Not(testing::HasSubstr("sessionIssuer")));
}

TEST(EventTest, TheClockIsAService) {
  Event event = full_event();
  event.service_event = true;
  EXPECT_THAT(line_of(event), HasSubstr(R"("eventType":"AwsServiceEvent")"));
}

// Whatever a caller can put into these must not end the line or the string that it stands in.
TEST(EventTest, EscapesEveryTextOfACaller) {
  constexpr std::string_view kEvil = "x\"},\n{\"eventName\":\"Forged\\\x01\xff";
  constexpr std::string_view kForged = "\"eventName\":\"Forged";
  std::string_view Event::* const members[] = {&Event::event_id,    &Event::request_id, &Event::source,
                                               &Event::name,        &Event::region,     &Event::source_address,
                                               &Event::user_agent,  &Event::error_code, &Event::error_message,
                                               &Event::tls_version, &Event::tls_cipher};
  for (const auto member : members) {
    Event event = full_event();
    event.*member = kEvil;
    const std::string line = line_of(event);
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    EXPECT_EQ(line.back(), '\n');
    EXPECT_THAT(line, Not(HasSubstr(kForged)));
    EXPECT_THAT(line, HasSubstr(R"(x\"},\u000a{\"eventName\":\"Forged\\\u0001)"
                                "\xef\xbf\xbd\""));
  }
  std::string_view UserIdentity::* const of_user[] = {&UserIdentity::type,          &UserIdentity::principal_id,
                                                      &UserIdentity::arn,           &UserIdentity::account,
                                                      &UserIdentity::access_key_id, &UserIdentity::user_name};
  for (const auto member : of_user) {
    Event event = full_event();
    event.user.*member = kEvil;
    const std::string line = line_of(event);
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    EXPECT_THAT(line, Not(HasSubstr(kForged)));
  }
  Event event = full_event();
  event.resources = {std::string(kEvil)};
  EXPECT_EQ(std::ranges::count(line_of(event), '\n'), 1);
  EXPECT_THAT(line_of(event), Not(HasSubstr(kForged)));
}

TEST(EventTest, ALineNeverGrowsBeyondWhatALogTakes) {
  Event event = full_event();
  const std::string long_text(70'000, 'x');
  std::string umlauts = "x";  // so that the cut would fall within one
  for (int i = 0; i < 40'000; ++i) umlauts += "\xc3\xbc";
  event.request_parameters = {{"policy", "\"" + long_text + "\""}};
  event.user_agent = umlauts;
  event.error_message = long_text;
  const std::string line = line_of(event);
  EXPECT_LE(line.size(), kMaxLine);
  EXPECT_THAT(line, HasSubstr(R"("requestParameters":{"omitted":true,"originalSize":70012,)"));
  EXPECT_THAT(line, HasSubstr("\xc3\xbc\xc3\xbc\",\"errorCode\""));
  EXPECT_THAT(line, Not(HasSubstr("\xef\xbf\xbd"))) << "no character is cut in two";
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  // The longest that still fits is kept as it is.
  Event exact = full_event();
  exact.request_parameters = {{"p", "\"\""}};
  const std::size_t rest = kMaxLine - line_of(exact).size();
  exact.request_parameters = {{"p", "\"" + std::string(rest, 'y') + "\""}};
  EXPECT_EQ(line_of(exact).size(), kMaxLine);
  exact.request_parameters = {{"p", "\"" + std::string(rest + 1, 'y') + "\""}};
  EXPECT_THAT(line_of(exact), HasSubstr("omitted"));
}

TEST(EventTest, AppendsToWhatIsThere) {
  std::string out = "before\n";
  append_json_line(out, full_event());
  append_json_line(out, full_event());
  EXPECT_EQ(out, "before\n" + line_of(full_event()) + line_of(full_event()));
}

}  // namespace
}  // namespace kagimori::audit
