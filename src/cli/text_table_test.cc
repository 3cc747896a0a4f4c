#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace kagimori::cli {
namespace {

TEST(TextTable, AlignsItsColumns) {
  TextTable table({"NAME", "ID"});
  table.add({"a", "1"});
  table.add({"longer", "22"});
  EXPECT_EQ(table.text("none"), "NAME    ID\na       1\nlonger  22\n");
}

TEST(TextTable, SaysWhenThereIsNothing) { EXPECT_EQ(TextTable({"NAME"}).text("No users."), "No users.\n"); }

TEST(TextTable, CountsCharactersAndNotBytes) {
  TextTable table({"NAME", "ID"});
  table.add({"m\xc3\xbcnchen", "1"});
  table.add({"berlin", "2"});
  EXPECT_EQ(table.text(""), "NAME     ID\nm\xc3\xbcnchen  1\nberlin   2\n");
}

TEST(TextTable, LetsNoCellSteerTheTerminal) {
  TextTable table({"NAME"});
  table.add({"a\x1b[2Jb\nc"});
  EXPECT_EQ(table.text(""), "NAME\na?[2Jb?c\n");
}

TEST(TextTable, LeavesNoSpacesAtTheEnd) {
  TextTable table({"NAME", "NOTE"});
  table.add({"x", ""});
  EXPECT_EQ(table.text(""), "NAME  NOTE\nx\n");
}

}  // namespace
}  // namespace kagimori::cli
