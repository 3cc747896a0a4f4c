#include "audit/event_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/event.h"

namespace kagimori::audit {
namespace {

using testing::IsEmpty;

constexpr std::string_view kKey = "arn:aws:kms:us-east-1:100000000001:key/0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60";

std::string line_of(const Event& event) {
  std::string line;
  append_json_line(line, event);
  line.pop_back();
  return line;
}

std::vector<std::string> terms_of(const EventView& event) {
  std::vector<TermView> terms;
  append_terms(event, terms);
  std::vector<std::string> texts;
  for (const TermView term : terms) texts.push_back(static_cast<char>(term.kind) + std::string(term.value));
  return texts;
}

TEST(EventView, ReadsWhatTheLogWrites) {
  Event event;
  event.time = Timestamp{1'795'341'078'123'456};
  event.event_id = "e1";
  event.request_id = "r1";
  event.source = "kms.amazonaws.com";
  event.name = "Encrypt";
  event.account = "100000000001";
  event.user = {"AssumedRole", "", "arn:aws:sts::100000000001:assumed-role/deploy/night", "", "", ""};
  event.session = SessionContext{{}, "", "", "arn:aws:iam::100000000001:role/team/deploy", "", "deploy"};
  event.source_address = "192.0.2.7";
  event.user_agent = "a \"quoted\" agent";
  event.error_code = "AccessDeniedException";
  event.error_message = "No.";
  event.request_parameters = {{"keyId", "\"alias/orders\""}};
  event.resources = {std::string(kKey)};
  event.additional_data = {{"traceId", "\"4bf92f35\""}};
  const std::string line = line_of(event);
  EventParser parser;
  const auto view = parser.parse(line);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->time, "2026-11-22T09:51:18.123456Z");
  EXPECT_EQ(view->operation, "Encrypt");
  EXPECT_EQ(view->source, "kms.amazonaws.com");
  EXPECT_EQ(view->principal_type, "AssumedRole");
  EXPECT_EQ(view->account, "100000000001");
  EXPECT_EQ(view->user_agent, "a \"quoted\" agent");
  EXPECT_EQ(view->error_message, "No.");
  EXPECT_THAT(terms_of(*view),
              testing::UnorderedElementsAre("ee1", "rr1", "t4bf92f35", "k0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60",
                                            "kalias/orders", "parn:aws:sts::100000000001:assumed-role/deploy/night",
                                            "pnight", "parn:aws:iam::100000000001:role/team/deploy", "pdeploy",
                                            "oEncrypt", "xAccessDeniedException", "xfailed", "xdenied", "a192.0.2.7"));
}

TEST(EventView, WhatTheClockDidHasNoPrincipal) {
  Event event;
  event.name = "DeleteKey";
  event.user = {"Service", "kagimori", "", "", "", ""};
  EventParser parser;
  const std::string line = line_of(event);
  const auto view = parser.parse(line);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->principal_type, "Service");
  EXPECT_THAT(view->principal, IsEmpty());
  EXPECT_THAT(terms_of(*view), testing::ElementsAre("oDeleteKey"));
}

TEST(EventView, RefusesWhatIsNoEvent) {
  EventParser parser;
  for (const std::string_view line : {"", "[]", "7", "{", "\"text\"", "{}x"}) EXPECT_FALSE(parser.parse(line)) << line;
  const auto empty = parser.parse("{}");
  ASSERT_TRUE(empty);
  EXPECT_THAT(terms_of(*empty), IsEmpty());
  // Members of other kinds than the log writes say nothing.
  EXPECT_TRUE(parser.parse(R"({"eventTime":7,"userIdentity":[],"requestParameters":null,"resources":[1,{"ARN":2}]})"));
}

TEST(EventView, AKeyIsFoundByIdArnAndAlias) {
  EXPECT_EQ(key_term(kKey).value, "0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60");
  EXPECT_EQ(key_term("0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60").value, "0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60");
  EXPECT_EQ(key_term("arn:aws:kms:us-east-1:100000000001:alias/team/key/x").value, "alias/team/key/x");
  EXPECT_EQ(key_term("alias/orders").value, "alias/orders");
}

TEST(EventView, APrincipalIsFoundByTheEndOfItsArn) {
  EXPECT_EQ(name_of_principal("arn:aws:iam::100000000001:user/team/alice"), "alice");
  EXPECT_EQ(name_of_principal("arn:aws:iam::100000000001:root"), "root");
  EXPECT_EQ(name_of_principal("alice"), "alice");
  EXPECT_EQ(name_of_principal(""), "");
}

}  // namespace
}  // namespace kagimori::audit
