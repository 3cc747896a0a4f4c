#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(EditDistance, CountsWhatMustBeChanged) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("list", "list"), 0U);
  EXPECT_EQ(edit_distance("", "list"), 4U);
  EXPECT_EQ(edit_distance("lisst", "list"), 1U);
  EXPECT_EQ(edit_distance("lst", "list"), 1U);
  EXPECT_EQ(edit_distance("last", "list"), 1U);
  EXPECT_EQ(edit_distance("ilst", "list"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace kagimori
