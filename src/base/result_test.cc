#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace kagimori {
namespace {

Status succeed_or(bool ok) {
  if (!ok) return fail(ErrorCode::kConflict, "told to");
  return {};
}

Status try_twice(bool first, bool second, int& reached) {
  TRY(succeed_or(first));
  reached = 1;
  TRY(succeed_or(second));
  reached = 2;
  return {};
}

// A TRY under an `if` without braces takes its own else.
int try_in_branch(bool enter, bool ok) {
  int value = 0;
  const auto run = [&]() -> Status {
    if (enter)
      TRY(succeed_or(ok));
    else
      value = 1;
    return {};
  };
  return run() ? value : -1;
}

Result<std::unique_ptr<int>> box(int value) {
  if (value < 0) return fail(Error{ErrorCode::kValidation, "negative"});
  return std::make_unique<int>(value);
}

Result<int> sum(int a, int b) {
  TRY_ASSIGN(const std::unique_ptr<int> first, box(a));
  TRY_ASSIGN(const auto second, box(b));
  return *first + *second;
}

TEST(ResultTest, TryLeavesAtTheFirstFailure) {
  int reached = 0;
  EXPECT_TRUE(try_twice(true, true, reached));
  EXPECT_EQ(reached, 2);
  reached = 0;
  const Status second = try_twice(true, false, reached);
  EXPECT_EQ(reached, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message, "told to");
  reached = 0;
  EXPECT_FALSE(try_twice(false, true, reached));
  EXPECT_EQ(reached, 0);
}

TEST(ResultTest, TryIsOneStatement) {
  EXPECT_EQ(try_in_branch(true, true), 0);
  EXPECT_EQ(try_in_branch(true, false), -1);
  EXPECT_EQ(try_in_branch(false, false), 1);
}

TEST(ResultTest, TryAssignMovesValuesAndPassesErrors) {
  EXPECT_EQ(*sum(2, 3), 5);
  for (const auto& failed : {sum(-1, 3), sum(2, -1)}) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kValidation);
    EXPECT_EQ(failed.error().message, "negative");
  }
}

TEST(ResultTest, AMessageMayBeMissing) {
  const Result<int> failed = fail(ErrorCode::kInvalidCiphertext);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "");
}

}  // namespace
}  // namespace kagimori
