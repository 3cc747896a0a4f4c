#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"
#include "policy/variable.h"

namespace kagimori {

// A string of a policy that may hold wildcards and policy variables, made for matching without allocation. Immutable.
// `*` stands for any characters, none included, `?` for one character (a whole UTF-8 sequence). What a variable brings
// is literal: a wildcard in a user's name matches only itself.
class Pattern {
 public:
  struct Options {
    bool wildcards = false;
    bool variables = false;
    bool ignore_case = false;  // A-Z
  };
  // So that the values of one pattern fit on the stack.
  static constexpr std::size_t kMaxVariables = 16;

  // kValidation with a message in lower case: an unknown or unterminated variable, or too many.
  static Result<Pattern> compile(std::string_view text, Options options);

  enum class Match : std::uint8_t { kNo, kYes, kUnresolved };  // kUnresolved: a variable has no value
  // Time is at most the product of both lengths, and at most what `source` has left to spend; then it is kNo.
  Match match(std::string_view text, const ConditionSource& source) const;
  bool matches(std::string_view text, const ConditionSource& source) const {
    return match(text, source) == Match::kYes;
  }

 private:
  enum class Kind : std::uint8_t { kLiteral, kAnyCharacter, kAnyRun, kVariable };
  struct Segment {
    Kind kind = Kind::kLiteral;
    std::string literal;
    std::size_t variable = 0;  // index into variables_
  };
  using VariableValues = std::span<const std::string_view>;

  Match match_with_variables(std::string_view text, const ConditionSource& source) const;
  Status add_placeholder(std::string_view inside);
  void add_literal(std::string_view text);
  bool match_segments(std::string_view text, VariableValues values, const ConditionSource& source) const;
  // How many bytes of text the segment takes at its start, or nothing.
  std::optional<std::size_t> consume(const Segment& segment, std::string_view text, VariableValues values) const;

  std::vector<Segment> segments_;
  std::vector<PolicyVariable> variables_;
  bool ignore_case_ = false;
};

// An ARN of a policy: each of its six parts is a pattern of its own, so a wildcard never reaches over a colon (except
// in the last part, which takes the rest). The text "*" matches everything, ARN or not.
class ArnPattern {
 public:
  // kValidation with a message in lower case when it is neither "*" nor in ARN format.
  static Result<ArnPattern> compile(std::string_view text, bool variables);
  Pattern::Match match(std::string_view arn, const ConditionSource& source) const;

 private:
  std::vector<Pattern> parts_;  // six, or none for "*"
};

}  // namespace kagimori
