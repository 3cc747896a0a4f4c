#pragma once

// What the tests of this folder share: a source of conditions and a caller with defaults. Not part of the library.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace kagimori::policy_test {

inline constexpr std::string_view kAccount = "111122223333";
inline constexpr std::string_view kKeyArn =
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
inline constexpr std::string_view kAliceArn = "arn:aws:iam::111122223333:user/alice";
inline constexpr std::string_view kAliceId = "AIDAALICEALICEALICEAA";
inline constexpr std::string_view kBobArn = "arn:aws:iam::111122223333:user/bob";
inline constexpr std::string_view kBobId = "AIDABOBBOBBOBBOBBOBAA";

class MapConditions final : public ConditionSource {
 public:
  using Map = std::map<std::string, std::vector<std::string>, std::less<>>;
  MapConditions() = default;
  explicit MapConditions(Map values) : values_(std::move(values)) {}

  bool get(std::string_view lower_case_key, ConditionValues& out) const override {
    const auto found = values_.find(lower_case_key);
    if (found == values_.end()) return false;
    for (const std::string& value : found->second) out.add(value);
    return true;
  }

 private:
  Map values_;
};

inline MapConditions given(MapConditions::Map values) { return MapConditions(std::move(values)); }

inline PolicyCaller alice() { return {kAliceArn, kAliceId, kAccount, false, {}}; }
inline PolicyCaller bob() { return {kBobArn, kBobId, kAccount, false, {}}; }
inline PolicyCaller root_user() { return {"arn:aws:iam::111122223333:root", kAccount, kAccount, true, {}}; }
inline PolicyCaller stranger() {
  return {"arn:aws:iam::444455556666:user/mallory", "AIDAMALLORYMALLORYMAL", "444455556666", false, {}};
}

inline PrincipalBindings bindings() {
  return {{std::string(kAliceArn), std::string(kAliceId)}, {std::string(kBobArn), std::string(kBobId)}};
}

// One statement in a key policy of version 2012-10-17; `members` is JSON without the braces.
inline std::string key_policy(std::string_view members) {
  return R"({"Version":"2012-10-17","Statement":[{)" + std::string(members) + "}]}";
}
inline std::string identity_policy(std::string_view members) { return key_policy(members); }

}  // namespace kagimori::policy_test
