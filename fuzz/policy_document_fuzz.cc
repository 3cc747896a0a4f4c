// Any bytes as a policy document of either kind: no crash, no hang; what compiles can be evaluated, and what a reader
// is shown of a key policy compiles again and is shown the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/key_policy.h"
#include "policy/policy.h"

namespace {

using namespace kagimori;

constexpr std::string_view kArn = "arn:aws:kms:us-east-1:111122223333:key/1";

// Every key is present, with a value that depends on its name.
class EchoConditions final : public ConditionSource {
 public:
  bool get(std::string_view lower_case_key, ConditionValues& out) const override {
    out.add(lower_case_key);
    if (lower_case_key.size() % 2 == 0) out.add("10.0.0.1");
    if (lower_case_key.size() % 3 == 0) out.add("2026-11-22T09:51:18Z");
    return lower_case_key.size() % 5 != 0;
  }
};

void require(bool condition) {
  if (!condition) std::abort();
}

PrincipalBindings bind_all(const std::vector<std::string>& arns) {
  PrincipalBindings bindings;
  for (const std::string& arn : arns) bindings.emplace(arn, "AIDAALICEALICEALICEAA");
  return bindings;
}

void check_rendering(std::string_view text, const PrincipalBindings& dead) {
  const auto shown = render_key_policy(text, dead);
  require(shown.has_value());
  if (shown->size() > CompiledPolicy::kMaxTextSize) return;
  const auto again = render_key_policy(*shown, dead);
  require(again.has_value() && *again == *shown);
  require(CompiledPolicy::compile(*shown, PolicyKind::kKey, {}).has_value());
}

void check(std::string_view text, PolicyKind kind) {
  const auto named = named_principals(text, kind);
  if (!named) {
    require(!CompiledPolicy::compile(text, kind, {}));
    return;
  }
  const PrincipalBindings bindings = bind_all(*named);
  const auto policy = CompiledPolicy::compile(text, kind, bindings);
  require(policy.has_value());
  const PolicyCaller caller{"arn:aws:iam::111122223333:user/a", "AIDAALICEALICEALICEAA", "111122223333", false, {}};
  const EchoConditions conditions;
  evaluate(**policy, {caller, "kms:Encrypt", kArn, conditions});
  if (kind == PolicyKind::kKey) check_rendering(text, bindings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, PolicyKind::kKey);
  check(text, PolicyKind::kIdentity);
  return 0;
}
