#include "engine/owner_drops.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(OwnerDrops, OnlyWhoDependsOnTheChangedIsStale) {
  OwnerDrops drops;
  std::uint64_t ann = drops.latest(), bob = drops.latest();
  EXPECT_TRUE(drops.holds({"ANN", "STAFF"}, ann));
  drops.drop("STAFF");
  EXPECT_FALSE(drops.holds({"ANN", "STAFF"}, ann));
  EXPECT_FALSE(drops.holds({"ANN", "STAFF"}, ann)) << "it stays so until it is read anew";
  EXPECT_TRUE(drops.holds({"BOB"}, bob));
  EXPECT_EQ(bob, drops.latest());
  ann = drops.latest();
  EXPECT_TRUE(drops.holds({"ANN", "STAFF"}, ann));
}

TEST(OwnerDrops, AChangeDuringTheReadCounts) {
  OwnerDrops drops;
  std::uint64_t began = drops.latest();
  drops.drop("ANN");
  EXPECT_FALSE(drops.holds({"ANN"}, began));
}

TEST(OwnerDrops, ManyChangesForgetNothing) {
  OwnerDrops drops;
  std::uint64_t ann = drops.latest(), bob = drops.latest();
  drops.drop("ANN");
  for (int i = 0; i < 250'000; ++i) drops.drop(std::to_string(i));
  EXPECT_FALSE(drops.holds({"ANN"}, ann));
  EXPECT_FALSE(drops.holds({"BOB"}, bob)) << "too old to be told";
  bob = drops.latest();
  drops.drop("ANN");
  EXPECT_TRUE(drops.holds({"BOB"}, bob));
}

}  // namespace
}  // namespace kagimori
