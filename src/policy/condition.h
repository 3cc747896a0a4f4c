#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "policy/condition_value.h"
#include "policy/operator.h"
#include "policy/pattern.h"
#include "policy/policy.h"

namespace kagimori {

// One operator over one condition key with its values: {"StringLike": {"kms:EncryptionContext:app": ["a*", "b"]}}.
// The values are ORed, for negated operators NORed. Immutable.
class Condition {
 public:
  // kValidation with a message in lower case: an operator or key that does not exist, or a value of the wrong type.
  // `variables`: the document's version knows policy variables.
  static Result<Condition> compile(std::string_view operator_name, std::string_view key,
                                   const std::vector<std::string>& values, bool variables);

  // IAM user guide, "Condition operators" and "Single-valued vs. multivalued context keys":
  //   key absent          false; true for negated operators, IfExists and ForAllValues; false for ForAnyValue
  //   several values      without a set operator as ForAnyValue, negated as its contrary
  // A tag or an entry of an encryption context has one value; a request with names that differ only in case gives
  // several. Without a set operator all of them must then pass for an Allow (`allows`), any of them for a Deny.
  bool holds(const ConditionSource& source, bool allows) const;

  const std::string& key() const { return key_; }  // lower case
  SetQuantifier quantifier() const { return operator_.quantifier; }

 private:
  using Operand = std::variant<Pattern, ArnPattern, double, Timestamp, bool, std::string, AddressRange>;

  static Result<Operand> compile_operand(const OperatorRow& row, std::string_view value, bool variables);
  bool holds_when_absent() const;
  bool all_must_pass(std::size_t values, bool allows) const;
  bool matches_any_operand(std::string_view value, const ConditionSource& source) const;
  bool matches(const Operand& operand, std::string_view value, const ConditionSource& source) const;

  ConditionOperator operator_;
  std::string key_;
  bool named_by_caller_ = false;  // a tag or an entry of an encryption context
  std::vector<Operand> operands_;
};

}  // namespace kagimori
