#include "model/ids.h"

namespace kagimori {
namespace {

// Counts up, so that what is drawn is known.
class CountingSource final : public RandomSource {
 public:
  void fill_public(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }
  void fill_private(std::span<std::uint8_t>) override { ADD_FAILURE() << "ids are public"; }

 private:
  std::uint8_t next_ = 0;
};

TEST(Ids, AccountsAreTwelveDigits) {
  EXPECT_TRUE(is_account_id("000000000000"));
  EXPECT_TRUE(is_account_id("987654321098"));
  for (const std::string_view text :
       {"", "00000000000", "0000000000000", "00000000000a", "0000 0000000", "-00000000000"}) {
    EXPECT_FALSE(is_account_id(text)) << text;
  }
}

TEST(Ids, RowsTakeAllTheirBytesFromTheSource) {
  CountingSource random;
  const RowId first = RowId::make(random);
  const RowId second = RowId::make(random);
  EXPECT_EQ(first.bytes[0], 0);
  EXPECT_EQ(first.bytes[15], 15);
  EXPECT_EQ(second.bytes[0], 16);
  EXPECT_LT(first, second);
}

TEST(Ids, MultiRegionKeysLookLikeAwsOnes) {
  CountingSource random;
  EXPECT_EQ(make_multi_region_key_id(random), "mrk-000102030405060708090a0b0c0d0e0f");
}

TEST(Ids, PrincipalsLookLikeAwsOnes) {
  CountingSource random;
  EXPECT_EQ(make_user_id(random), "AIDAABCDEFGHIJKLMNOPQ");
  EXPECT_EQ(make_access_key_id(random), "AKIARSTUVWXYZ234567A");
}

}  // namespace
}  // namespace kagimori
