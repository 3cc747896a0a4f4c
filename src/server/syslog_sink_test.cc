#include "server/syslog_sink.h"

#include <gtest/gtest.h>

#include "server/audit_sinks.h"

namespace kagimori {
namespace {

constexpr std::string_view kLine =
    R"({"eventTime":"2026-11-27T12:00:00.000001Z","eventName":"Decrypt","userIdentity":{"type":"IAMUser"}})";

std::string frame_of(std::string_view line, bool is_alarm = false, std::string_view host = "vault") {
  audit::EventParser parser;
  const auto event = parser.parse(line);
  return syslog_frame(host, "42", event ? &*event : nullptr, is_alarm, line);
}

TEST(SyslogFrame, IsRfc5424InOctetCounting) {
  EXPECT_EQ(frame_of(kLine),
            "162 <110>1 2026-11-27T12:00:00.000001Z vault kagimori 42 Decrypt - " + std::string(kLine));
}

TEST(SyslogFrame, SaysHowSevereItIs) {
  EXPECT_TRUE(frame_of(R"({"eventTime":"t","eventName":"Decrypt","errorCode":"AccessDenied"})").find("<109>1 ") < 5);
  EXPECT_TRUE(frame_of(kLine, true).find("<108>1 ") < 5);
}

TEST(SyslogFrame, WhatIsNoHeaderFieldIsLeftOut) {
  EXPECT_NE(frame_of("no event").find("1 - vault kagimori 42 - - no event"), std::string::npos);
  EXPECT_NE(frame_of(kLine, false, "").find("Z - kagimori"), std::string::npos);
  EXPECT_NE(frame_of(kLine, false, "two words").find("Z - kagimori"), std::string::npos);
  EXPECT_NE(frame_of(R"({"eventTime":"t","eventName":"An\u00e9"})").find("kagimori 42 - - "), std::string::npos);
}

TEST(SinkWants, AlarmsAndChanges) {
  const std::string alarm = R"({"eventName":"DiskLow","userIdentity":{"type":"Service"},"readOnly":true})";
  const std::string change = R"({"eventName":"DisableKey","userIdentity":{"type":"IAMUser"},"readOnly":false})";
  const std::string use = R"({"eventName":"DiskLow","userIdentity":{"type":"IAMUser"},"readOnly":true,)"
                          R"("requestParameters":{"x":"\"readOnly\":false"}})";
  for (const std::string& line : {alarm, change, use}) EXPECT_TRUE(sink_wants("all", line));
  EXPECT_TRUE(sink_wants("changes", alarm));
  EXPECT_TRUE(sink_wants("changes", change));
  EXPECT_FALSE(sink_wants("changes", use)) << "the text of a caller";
  EXPECT_TRUE(sink_wants("alarms", alarm));
  EXPECT_FALSE(sink_wants("alarms", change));
  EXPECT_FALSE(sink_wants("alarms", use)) << "not the service's";
}

}  // namespace
}  // namespace kagimori
