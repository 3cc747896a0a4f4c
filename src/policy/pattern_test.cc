#include "policy/pattern.h"

#include <gtest/gtest.h>

#include "policy/test_request.h"

namespace kagimori {
namespace {

using policy_test::given;
using policy_test::MapConditions;

bool like(std::string_view pattern, std::string_view text, bool ignore_case = false) {
  const auto compiled = Pattern::compile(pattern, {.wildcards = true, .variables = true, .ignore_case = ignore_case});
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->matches(text, MapConditions());
}

TEST(Pattern, Matches) {
  for (const auto& [pattern, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", ""},          {"*", ""},        {"*", "abc"},    {"***", "abc"}, {"a", "a"},
           {"a*", "a"},       {"a*c", "abbbc"}, {"a*c", "acbc"}, {"*c", "cc"},   {"*ab*cd*", "xxabyycdzz"},
           {"?", "\xc3\xa4"}, {"a?c", "abc"},   {"*?", "ab"},    {"?*", "a"},    {"a*?b", "axxb"},
           {"*aab", "aaaab"}, {"$", "$"},       {"a$b", "a$b"},  {"{}", "{}"},
       }) {
    EXPECT_TRUE(like(pattern, text)) << pattern << " ~ " << text;
  }
}

TEST(Pattern, DoesNotMatch) {
  for (const auto& [pattern, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "a"},
           {"a", ""},
           {"a", "A"},
           {"a", "ab"},
           {"?", ""},
           {"?", "ab"},
           {"a*c", "abcd"},
           {"a*c", "bac"},
           {"*ab*cd*", "cdab"},
           {"??", "\xc3\xa4"},
           {"a?c", "ac"},
           {"*?", ""},
           {"a*?b", "ab"},
           {"a.c", "abc"},
       }) {
    EXPECT_FALSE(like(pattern, text)) << pattern << " !~ " << text;
  }
}

TEST(Pattern, IgnoresCaseWhenTold) {
  EXPECT_TRUE(like("kms:Gen*KEY", "KMS:generateDataKey", true));
  EXPECT_FALSE(like("kms:Gen*KEY", "kms:generateDataKey"));
  EXPECT_FALSE(like("\xc3\x84", "\xc3\xa4", true)) << "A-Z only";
}

// A pattern of many stars must not take exponential time.
TEST(Pattern, ManyStarsAreCheap) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "*a";
  pattern += "b";
  EXPECT_FALSE(like(pattern, std::string(4000, 'a')));
}

TEST(Pattern, RefusesBrokenVariables) {
  for (const char* text :
       {"${", "${aws:username", "${}", "${username}", "${aws:}", "${aws:NoSuchKey}", "${kms:NoSuchKey}",
        "${aws:PrincipalTag/}", "${aws:username, default}", "${aws:username, 'x}", "${aws:username,}", "${aws:user*}",
        "${**}", "${ * }", "${aws:TagKeys}", "${kms:EncryptionContextKeys}", "${:x}", "${a b:c}"}) {
    EXPECT_FALSE(Pattern::compile(text, {.wildcards = true, .variables = true})) << text;
  }
}

TEST(Pattern, TakesAtMostSixteenVariables) {
  std::string text;
  for (std::size_t i = 0; i < Pattern::kMaxVariables; ++i) text += "${aws:username}";
  const auto full = Pattern::compile(text, {.variables = true});
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->matches(std::string(16, 'u'), given({{"aws:username", {"u"}}})));
  EXPECT_FALSE(Pattern::compile(text + "${aws:username}", {.variables = true}));
}

TEST(Pattern, VariableWithoutValueIsUnresolved) {
  const auto pattern = Pattern::compile("*${aws:username}", {.wildcards = true, .variables = true});
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->match("x", MapConditions()), Pattern::Match::kUnresolved);
  EXPECT_EQ(pattern->match("x", given({{"aws:username", {""}}})), Pattern::Match::kYes);
  EXPECT_EQ(pattern->match("x", given({{"aws:username", {"y"}}})), Pattern::Match::kNo);
}

TEST(ArnPattern, ReadsVariablesWithColons) {
  const auto pattern = ArnPattern::compile("arn:aws:s3:::bucket/${aws:username}/*", true);
  ASSERT_TRUE(pattern);
  const MapConditions alice = given({{"aws:username", {"alice"}}});
  EXPECT_EQ(pattern->match("arn:aws:s3:::bucket/alice/x:y", alice), Pattern::Match::kYes);
  EXPECT_EQ(pattern->match("arn:aws:s3:::bucket/bob/x", alice), Pattern::Match::kNo);
  EXPECT_EQ(pattern->match("arn:aws:s3", alice), Pattern::Match::kNo);
  EXPECT_EQ(pattern->match("nonsense", MapConditions()), Pattern::Match::kUnresolved);
}

TEST(ArnPattern, RequestTextHasNoVariables) {
  const auto pattern = ArnPattern::compile("arn:aws:s3::1:x", true);
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->match("arn:aws:s3:${:1:x}:1:x", MapConditions()), Pattern::Match::kNo);
}

TEST(ArnPattern, RefusesWhatIsNoArn) {
  for (const char* text : {"", "**", "key/1", "arn", "arn:aws:kms:us-east-1:1", "arn::kms:r:1:k", "arn:aws::r:1:k",
                           "arn:aws:kms:r:1:", "ARN:aws:kms:r:1:k", "arn:aws:kms:${aws:RequestedRegion}:1"}) {
    EXPECT_FALSE(ArnPattern::compile(text, true)) << text;
  }
}

TEST(PatternTest, StopsWhenTheRequestHasSpentItsSteps) {
  std::string costly = "*";
  for (int i = 0; i < 100; ++i) costly += "?a";
  const auto pattern = Pattern::compile(costly + "b", {.wildcards = true});
  const auto all = Pattern::compile("*", {.wildcards = true});
  ASSERT_TRUE(pattern && all);
  const std::string text(8000, 'a');
  const MapConditions request;
  int matches = 0;
  while (!request.exhausted() && matches < 1000) {
    EXPECT_FALSE(pattern->matches(text, request));
    ++matches;
  }
  EXPECT_LT(matches, 10) << "8000 places with 200 steps each";
  EXPECT_FALSE(all->matches(text, request)) << "nothing matches any more; the caller refuses the request";
  EXPECT_TRUE(all->matches(text, MapConditions()));
}

}  // namespace
}  // namespace kagimori
