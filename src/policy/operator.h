#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kagimori {

// What a condition operator compares.
enum class OperandType : std::uint8_t { kString, kNumber, kDate, kBool, kBinary, kIp, kArn, kNull };
enum class Comparison : std::uint8_t { kEqual, kEqualIgnoreCase, kLike, kLess, kLessEqual, kGreater, kGreaterEqual };
// How an operator treats several values in the request.
enum class SetQuantifier : std::uint8_t { kNone, kForAllValues, kForAnyValue };

// One row per operator of the IAM policy grammar, without prefix and suffix.
struct OperatorRow {
  std::string_view name;
  OperandType type;
  Comparison comparison;
  bool negated;
};
std::span<const OperatorRow> operator_rows();

// A condition operator as a policy writes it: "ForAnyValue:StringLikeIfExists".
struct ConditionOperator {
  const OperatorRow* row = nullptr;  // of operator_rows()
  SetQuantifier quantifier = SetQuantifier::kNone;
  bool if_exists = false;
};
// Case-sensitive. Nothing for a name that the grammar does not have; Null takes neither prefix nor suffix.
std::optional<ConditionOperator> parse_operator(std::string_view name);

}  // namespace kagimori
