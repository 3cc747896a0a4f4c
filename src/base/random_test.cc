#include "base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace kagimori {
namespace {

// Every byte the same, or counting; notes which of the two ways was asked.
class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(std::uint8_t first, std::uint8_t step = 0) : next_(first), step_(step) {}
  void fill_public(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      byte = next_;
      next_ = static_cast<std::uint8_t>(next_ + step_);
    }
  }
  void fill_private(std::span<std::uint8_t> out) override {
    ++private_calls;
    fill_public(out);
  }
  int private_calls = 0;

 private:
  std::uint8_t next_;
  const std::uint8_t step_;
};

TEST(UuidTest, HasVersionAndVariantWhateverTheBytes) {
  FixedRandom zeros(0);
  EXPECT_EQ(make_uuid(zeros), "00000000-0000-4000-8000-000000000000");
  FixedRandom ones(0xff);
  EXPECT_EQ(make_uuid(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  FixedRandom counting(0, 1);
  EXPECT_EQ(make_uuid(counting), "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

TEST(UuidTest, IsPublic) {
  FixedRandom random(1);
  make_uuid(random);
  make_base32_id(random, 5);
  EXPECT_EQ(random.private_calls, 0);
}

TEST(Base32IdTest, HasItsLengthAndAlphabet) {
  FixedRandom random(0, 1);
  for (const std::size_t length : {0u, 1u, 16u, 17u, 100u}) {
    const std::string id = make_base32_id(random, length);
    EXPECT_EQ(id.size(), length);
    EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), std::string::npos) << id;
  }
}

TEST(Base32IdTest, UsesEveryLetterEquallyOften) {
  FixedRandom random(0, 1);
  const std::string id = make_base32_id(random, 256);
  const std::set<char> letters(id.begin(), id.end());
  EXPECT_EQ(letters.size(), 32u);
  for (const char c : letters) EXPECT_EQ(std::count(id.begin(), id.end(), c), 8) << c;
}

}  // namespace
}  // namespace kagimori
