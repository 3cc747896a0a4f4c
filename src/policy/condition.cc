#include "policy/condition.h"

#include "base/encoding.h"
#include "policy/ascii.h"
#include "policy/fault.h"
#include "policy/variable.h"

namespace kagimori {
namespace {

template <typename T>
bool compares(Comparison comparison, const T& request, const T& policy) {
  switch (comparison) {
    case Comparison::kLess:
      return request < policy;
    case Comparison::kLessEqual:
      return request <= policy;
    case Comparison::kGreater:
      return request > policy;
    case Comparison::kGreaterEqual:
      return request >= policy;
    case Comparison::kEqual:
    case Comparison::kEqualIgnoreCase:
    case Comparison::kLike:
      return request == policy;
  }
  return false;
}

template <typename Operand, typename T>
Result<Operand> required(const std::optional<T>& parsed, std::string_view what) {
  if (!parsed) return fail(ErrorCode::kValidation, "is not " + std::string(what));
  return Operand(*parsed);
}

}  // namespace

Result<Condition> Condition::compile(std::string_view operator_name, std::string_view key,
                                     const std::vector<std::string>& values, bool variables) {
  Condition condition;
  const auto parsed = parse_operator(operator_name);
  if (!parsed) return fail(ErrorCode::kValidation, "invalid condition type " + quoted(operator_name));
  condition.operator_ = *parsed;
  if (!is_condition_key(key)) return fail(ErrorCode::kValidation, "invalid condition key " + quoted(key));
  condition.key_ = ascii_lowered(key);
  condition.named_by_caller_ =
      condition.key_.find("tag/") != std::string::npos || condition.key_.starts_with("kms:encryptioncontext:");
  condition.operands_.reserve(values.size());
  for (const std::string& value : values) {
    auto operand = compile_operand(*parsed->row, value, variables);
    if (!operand) {
      return fail(ErrorCode::kValidation,
                  "condition value " + quoted(value) + " of " + quoted(operator_name) + ": " + operand.error().message);
    }
    condition.operands_.push_back(*std::move(operand));
  }
  return condition;
}

Result<Condition::Operand> Condition::compile_operand(const OperatorRow& row, std::string_view value, bool variables) {
  switch (row.type) {
    case OperandType::kString: {
      const Pattern::Options options{.wildcards = row.comparison == Comparison::kLike,
                                     .variables = variables,
                                     .ignore_case = row.comparison == Comparison::kEqualIgnoreCase};
      TRY_ASSIGN(Pattern pattern, Pattern::compile(value, options));
      return Operand(std::move(pattern));
    }
    case OperandType::kArn: {
      TRY_ASSIGN(ArnPattern pattern, ArnPattern::compile(value, variables));
      return Operand(std::move(pattern));
    }
    case OperandType::kNumber:
      return required<Operand>(parse_number(value), "a number");
    case OperandType::kDate:
      return required<Operand>(parse_date(value), "an ISO 8601 date or an epoch time in seconds");
    case OperandType::kBool:
    case OperandType::kNull:
      return required<Operand>(parse_bool(value), "true or false");
    case OperandType::kIp:
      return required<Operand>(AddressRange::parse(value), "an IP address or a CIDR block");
    case OperandType::kBinary:
      if (!base64_decode(value)) return fail(ErrorCode::kValidation, "is not base64");
      return Operand(std::string(value));
  }
  return fail(ErrorCode::kValidation, "is of an unknown type");
}

bool Condition::holds(const ConditionSource& source, bool allows) const {
  ConditionValues values;
  const bool present = source.get(key_, values) && !values.empty();
  const OperatorRow& row = *operator_.row;
  if (row.type == OperandType::kNull) {
    for (const Operand& operand : operands_) {
      if (std::get<bool>(operand) == !present) return true;
    }
    return false;
  }
  if (!present) return holds_when_absent();
  const bool for_all = operator_.quantifier == SetQuantifier::kForAllValues;
  // A value that resolves to an empty string counts as an empty set for ForAllValues.
  if (for_all && values.size() == 1 && values[0].empty()) return true;
  const bool all = all_must_pass(values.size(), allows);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool passes = matches_any_operand(values[i], source) != row.negated;
    if (passes != all) return passes;
  }
  return all;
}

bool Condition::all_must_pass(std::size_t values, bool allows) const {
  if (operator_.quantifier != SetQuantifier::kNone) return operator_.quantifier == SetQuantifier::kForAllValues;
  if (named_by_caller_ && values > 1) return allows;
  // A negated operator without a quantifier is the contrary of its positive twin.
  return operator_.row->negated;
}

bool Condition::holds_when_absent() const {
  if (operator_.if_exists) return true;
  switch (operator_.quantifier) {
    case SetQuantifier::kForAllValues:
      return true;
    case SetQuantifier::kForAnyValue:
      return false;
    case SetQuantifier::kNone:
      return operator_.row->negated;
  }
  return false;
}

bool Condition::matches_any_operand(std::string_view value, const ConditionSource& source) const {
  for (const Operand& operand : operands_) {
    if (matches(operand, value, source)) return true;
  }
  return false;
}

bool Condition::matches(const Operand& operand, std::string_view value, const ConditionSource& source) const {
  const OperatorRow& row = *operator_.row;
  switch (row.type) {
    case OperandType::kString:
      return std::get<Pattern>(operand).matches(value, source);
    case OperandType::kArn:
      return std::get<ArnPattern>(operand).match(value, source) == Pattern::Match::kYes;
    case OperandType::kNumber: {
      const auto number = parse_number(value);
      return number && compares(row.comparison, *number, std::get<double>(operand));
    }
    case OperandType::kDate: {
      const auto date = parse_date(value);
      return date && compares(row.comparison, *date, std::get<Timestamp>(operand));
    }
    case OperandType::kBool: {
      const auto flag = parse_bool(value);
      return flag && *flag == std::get<bool>(operand);
    }
    case OperandType::kIp: {
      const auto address = AddressRange::parse(value);
      return address && std::get<AddressRange>(operand).contains(*address);
    }
    case OperandType::kBinary:
      return value == std::get<std::string>(operand);  // strict base64 has one form per content
    case OperandType::kNull:
      return false;  // answered in holds()
  }
  return false;
}

}  // namespace kagimori
