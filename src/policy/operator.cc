#include "policy/operator.h"

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

using enum OperandType;
using C = Comparison;

constexpr std::array kOperators = std::to_array<OperatorRow>({
    {"StringEquals", kString, C::kEqual, false},
    {"StringNotEquals", kString, C::kEqual, true},
    {"StringEqualsIgnoreCase", kString, C::kEqualIgnoreCase, false},
    {"StringNotEqualsIgnoreCase", kString, C::kEqualIgnoreCase, true},
    {"StringLike", kString, C::kLike, false},
    {"StringNotLike", kString, C::kLike, true},
    {"NumericEquals", kNumber, C::kEqual, false},
    {"NumericNotEquals", kNumber, C::kEqual, true},
    {"NumericLessThan", kNumber, C::kLess, false},
    {"NumericLessThanEquals", kNumber, C::kLessEqual, false},
    {"NumericGreaterThan", kNumber, C::kGreater, false},
    {"NumericGreaterThanEquals", kNumber, C::kGreaterEqual, false},
    {"DateEquals", kDate, C::kEqual, false},
    {"DateNotEquals", kDate, C::kEqual, true},
    {"DateLessThan", kDate, C::kLess, false},
    {"DateLessThanEquals", kDate, C::kLessEqual, false},
    {"DateGreaterThan", kDate, C::kGreater, false},
    {"DateGreaterThanEquals", kDate, C::kGreaterEqual, false},
    {"Bool", kBool, C::kEqual, false},
    {"BinaryEquals", kBinary, C::kEqual, false},
    {"IpAddress", kIp, C::kEqual, false},
    {"NotIpAddress", kIp, C::kEqual, true},
    {"ArnEquals", kArn, C::kLike, false},  // the same as ArnLike (IAM user guide, "ARN condition operators")
    {"ArnLike", kArn, C::kLike, false},
    {"ArnNotEquals", kArn, C::kLike, true},
    {"ArnNotLike", kArn, C::kLike, true},
    {"Null", kNull, C::kEqual, false},
});

constexpr std::string_view kForAllPrefix = "ForAllValues:";
constexpr std::string_view kForAnyPrefix = "ForAnyValue:";
constexpr std::string_view kIfExistsSuffix = "IfExists";

}  // namespace

std::span<const OperatorRow> operator_rows() { return kOperators; }

std::optional<ConditionOperator> parse_operator(std::string_view name) {
  ConditionOperator result;
  if (name.starts_with(kForAllPrefix)) {
    result.quantifier = SetQuantifier::kForAllValues;
    name.remove_prefix(kForAllPrefix.size());
  } else if (name.starts_with(kForAnyPrefix)) {
    result.quantifier = SetQuantifier::kForAnyValue;
    name.remove_prefix(kForAnyPrefix.size());
  }
  if (name.ends_with(kIfExistsSuffix)) {
    result.if_exists = true;
    name.remove_suffix(kIfExistsSuffix.size());
  }
  const auto row = std::find_if(kOperators.begin(), kOperators.end(),
                                [&](const OperatorRow& candidate) { return candidate.name == name; });
  if (row == kOperators.end()) return std::nullopt;
  if (row->type == kNull && (result.if_exists || result.quantifier != SetQuantifier::kNone)) return std::nullopt;
  result.row = &*row;
  return result;
}

}  // namespace kagimori
