#include "audit/event_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kagimori::audit {
namespace {

std::string row_of(std::string_view line) {
  EventParser parser;
  const auto view = parser.parse(line);
  std::string row;
  append_csv_row(row, 17, view.value(), line);
  return row;
}

TEST(EventCsv, HasTheEventInItsLastColumn) {
  const std::string line = R"({"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/a"},"eventName":"Encrypt",)"
                           R"("userAgent":"say \"hi\", you","resources":[{"ARN":"k1"},{"ARN":"k2"}]})";
  const std::string row = row_of(line);
  EXPECT_EQ(row,
            R"("17","","Encrypt","","IAMUser","arn:aws:iam::1:user/a","","k1 k2","","","","say ""hi"", you","","",)"
            R"("{""userIdentity"":{""type"":""IAMUser"",""arn"":""arn:aws:iam::1:user/a""},""eventName"":""Encrypt"",)"
            R"(""userAgent"":""say \""hi\"", you"",""resources"":[{""ARN"":""k1""},{""ARN"":""k2""}]}")"
            "\n");
  EXPECT_EQ(event_of_csv_row(std::string_view(row).substr(0, row.size() - 1)).value(), line);
}

TEST(EventCsv, NoCellIsAFormulaOrBreaksTheRow) {
  for (const std::string start : {"=", "+", "-", "@"}) {
    EXPECT_THAT(row_of("{\"userAgent\":\"" + start + "cmd()\"}"), testing::HasSubstr(",\"'" + start + "cmd()\","));
  }
  EXPECT_THAT(row_of(R"({"errorMessage":"two\nlines\u007f\t."})"), testing::HasSubstr(",\"two lines  .\","));
  EXPECT_EQ(std::ranges::count(row_of(R"({"errorMessage":"\r\n\n"})"), '\n'), 1);
}

TEST(EventCsv, RefusesOtherRows) {
  const std::string row = row_of("{}");
  const std::string good = row.substr(0, row.size() - 1);
  EXPECT_TRUE(event_of_csv_row(good));
  for (const std::string& bad : {std::string(), good + ",", good + "x", good.substr(1), good.substr(0, good.size() - 1),
                                 good + ",\"\"", std::string("\"a\",\"b\"")}) {
    EXPECT_FALSE(event_of_csv_row(bad)) << bad;
  }
  EXPECT_EQ(std::ranges::count(csv_head(), ','), std::ranges::count(good, ',')) << "as many columns as titles";
}

}  // namespace
}  // namespace kagimori::audit
