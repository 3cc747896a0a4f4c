#include "engine/grant_rights.h"

namespace kagimori {
namespace {

using Context = GrantConstraints::Context;

void append_pair(std::string& text, const Context::value_type& pair) {
  text.append(std::to_string(pair.first.size())).append(":").append(pair.first);
  text.append(std::to_string(pair.second.size())).append(":").append(pair.second);
}

std::string by_source(std::string_view source_arn) { return std::string("source ").append(source_arn); }
std::string by_pair(const Context::value_type& pair) {
  std::string text = "pair ";
  append_pair(text, pair);
  return text;
}
std::string by_context(const Context& context) {
  std::string text = "context ";
  for (const auto& pair : context) append_pair(text, pair);
  return text;
}

}  // namespace

void GrantRights::add(const Grant& grant) {
  const GrantConstraints& constraints = grant.constraints;
  if (!constraints.source_arn.empty()) {
    rules_.emplace(by_source(constraints.source_arn), Rule{grant.operations, constraints});
    return;
  }
  const bool has_subset = constraints.subset && !constraints.subset->empty();
  if (!constraints.equals && !has_subset) return always_.add(grant.operations);
  if (grant.operations.has(GrantOperation::kDescribeKey)) always_.add(GrantOperations{GrantOperation::kDescribeKey});
  std::string place = constraints.equals ? by_context(comparable(*constraints.equals))
                                         : by_pair(comparable(*constraints.subset).front());
  rules_.emplace(std::move(place), Rule{grant.operations, constraints});
}

bool GrantRights::allow(GrantOperation operation, const ConstrainedUse& use) const {
  if (always_.has(operation)) return true;
  if (rules_.empty()) return false;
  const auto allowed_at = [&](const std::string& place) {
    const auto [first, last] = rules_.equal_range(place);
    for (auto rule = first; rule != last; ++rule) {
      if (rule->second.operations.has(operation) && constraints_allow(rule->second.constraints, operation, use)) {
        return true;
      }
    }
    return false;
  };
  if (!use.source_arn.empty() && allowed_at(by_source(use.source_arn))) return true;
  const Context context = comparable(use.context);
  if (allowed_at(by_context(context))) return true;
  for (const auto& pair : context) {
    if (allowed_at(by_pair(pair))) return true;
  }
  return false;
}

}  // namespace kagimori
