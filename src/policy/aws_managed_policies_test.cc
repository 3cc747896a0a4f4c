#include "policy/aws_managed_policies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "policy/policy.h"

namespace kagimori {
namespace {

TEST(AwsManagedPolicies, AreSoundAndOfTheirOwnNames) {
  std::set<std::string_view> ids, names;
  EXPECT_TRUE(std::ranges::is_sorted(aws_managed_policies(), {}, &AwsManagedPolicy::name));
  for (const AwsManagedPolicy& policy : aws_managed_policies()) {
    const auto compiled = CompiledPolicy::compile(policy.text, PolicyKind::kIdentity, {});
    EXPECT_TRUE(compiled) << policy.name << ": " << compiled.error().message;
    EXPECT_TRUE(ids.insert(policy.policy_id).second) << policy.name;
    EXPECT_TRUE(names.insert(policy.name).second) << policy.name;
    EXPECT_TRUE(policy.policy_id.starts_with("ANPA") && policy.policy_id.size() == 21) << policy.name;
  }
}

}  // namespace
}  // namespace kagimori
