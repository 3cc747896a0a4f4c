#include "base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace kagimori {
namespace {

// The last of the enumeration; a new code behind it must be named here.
constexpr auto kLast = static_cast<std::uint16_t>(ErrorCode::kWrongRootKey);

TEST(ErrorCodeTest, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::uint16_t i = 0; i <= kLast; ++i) {
    const std::string_view name = error_code_name(static_cast<ErrorCode>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(names.insert(name).second) << name << " twice";
    EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), std::string_view::npos);
  }
}

TEST(ErrorCodeTest, NamesAreThoseOfTheEnumeration) {
  EXPECT_EQ(error_code_name(ErrorCode::kAlreadyExists), "AlreadyExists");
  EXPECT_EQ(error_code_name(ErrorCode::kInvalidCiphertext), "InvalidCiphertext");
  EXPECT_EQ(error_code_name(ErrorCode::kInternal), "Internal");
  EXPECT_EQ(error_code_name(ErrorCode::kWrongRootKey), "WrongRootKey");
}

TEST(ErrorCodeTest, AnUnknownNumberIsInternal) {
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(kLast + 1)), "Internal");
  EXPECT_EQ(error_code_name(static_cast<ErrorCode>(0xffff)), "Internal");
}

}  // namespace
}  // namespace kagimori
