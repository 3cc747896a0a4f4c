#include "engine/roles.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/assume_role.h"
#include "engine/attached_policies.h"
#include "engine/cache_key.h"
#include "engine/groups.h"
#include "engine/identity_house_test.h"
#include "engine/inline_policies.h"
#include "engine/loader.h"

namespace kagimori {
namespace {

using namespace engine_test;

// A role of the operator's account that the administrator may assume, and a session of it.
struct RoleHouse : IdentityHouse {
  Role make_role(std::string_view name) {
    CreateRoleRequest request;
    request.name = name;
    request.trust_policy = fmt::format(R"({{"Version":"2012-10-17","Statement":{{"Effect":"Allow",)"
                                       R"("Principal":{{"AWS":"{}"}},"Action":"sts:AssumeRole"}}}})",
                                       identity(admin)->arn);
    const auto made = as<Role>(admin, [&](Transaction& t) { return create_role(t, request); });
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  std::string assume(const Role& role) {
    AssumeRoleRequest request;
    request.role_arn = named_arn(role);
    request.session_name = "session";
    const auto assumed = as<std::string>(admin, [&](Transaction& t) -> Result<std::string> {
      TRY_ASSIGN(const AssumedRole made, assume_role(t, request));
      return made.session.record.access_key_id;
    });
    EXPECT_TRUE(assumed) << assumed.error().message;
    return *assumed;
  }
  bool may(std::string_view access_key_id, std::string_view action) {
    return authorize(caller(access_key_id), {action, "*", nullptr, false, {}}).has_value();
  }
};

TEST(Roles, ASessionIsWhatItsRoleIs) {
  RoleHouse house;
  const Role role = house.make_role("Deployer");
  const std::string session = house.assume(role);
  const auto who = house.identity(session);
  ASSERT_NE(who, nullptr);
  EXPECT_TRUE(who->is_role_session());
  EXPECT_EQ(who->arn, "arn:aws:sts::100000000001:assumed-role/Deployer/session");
  EXPECT_EQ(who->principal_arn(), named_arn(role));
  EXPECT_EQ(who->user_id(), role.role_id + ":session");
  EXPECT_FALSE(house.may(session, "kms:ListKeys"));
  ASSERT_TRUE(house.do_as(
      house.admin, [](Transaction& t) { return put_inline_policy<Role>(t, "deployer", "p", allow("kms:ListKeys")); }));
  EXPECT_EQ(house.stale, std::vector<std::string>{cache_key::identities_of(role.role_id)});
  EXPECT_TRUE(house.may(session, "kms:ListKeys"));
  ASSERT_TRUE(house.do_as(house.admin, [](Transaction& t) { return delete_inline_policy<Role>(t, "Deployer", "p"); }));
  ASSERT_TRUE(house.do_as(house.admin, [](Transaction& t) { return delete_role(t, "Deployer"); }));
  EXPECT_EQ(house.identity(session), nullptr);
  house.make_role("Deployer");
  EXPECT_EQ(house.identity(session), nullptr) << "a new role of that name is somebody else";
}

// Whatever a caller's permissions hang on: a change of it makes what the caller has under way start again.
TEST(Roles, WhatAPermissionHangsOnIsExpectedOfEveryCommit) {
  RoleHouse house;
  const Role role = house.make_role("r");
  const std::string bob = house.make_user("bob");
  ASSERT_TRUE(house.as<Group>(house.admin, [](Transaction& t) { return create_group(t, "g", "/"); }));
  ASSERT_TRUE(house.do_as(house.admin, [](Transaction& t) { return add_user_to_group(t, "g", "bob"); }));
  CreatePolicyRequest request;
  request.name = "p";
  request.text = allow("iam:*");
  const auto policy = house.as<ManagedPolicy>(house.admin, [&](Transaction& t) { return create_policy(t, request); });
  ASSERT_TRUE(policy);
  const std::string arn = arn_of(*policy);
  ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return attach_policy<Group>(t, "g", arn); }));
  ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return attach_policy<Role>(t, "r", arn); }));
  for (const std::string& id : {bob, house.assume(role)}) {
    Trail trail;
    Transaction slow(house.environment(), *house.store->read(), house.caller(id), trail);
    ASSERT_TRUE(slow.check_caller());
    ASSERT_TRUE(create_group(slow, "late", "/"));
    ASSERT_TRUE(house.do_as(house.admin,
                            [&](Transaction& t) { return put_inline_policy<Group>(t, "g", "deny", allow("kms:*")); }));
    ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return detach_policy<Role>(t, "r", arn); }));
    const auto committed = house.store->commit_and_wait(slow.take_batch());
    ASSERT_FALSE(committed) << id;
    EXPECT_EQ(committed.error().code, ErrorCode::kStale) << id;
    ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return attach_policy<Role>(t, "r", arn); }));
  }
}

TEST(Roles, ASessionIsRemovedADayAfterItsEnd) {
  RoleHouse house;
  const std::string session = house.assume(house.make_role("r"));
  const auto due_rows = [&] {
    const auto read = *house.store->read();
    std::vector<DueEntry> entries;
    const auto rows = read->scan(Table::kDue, {}, {}, 10);
    for (const StoredRecord& row : *rows) entries.push_back(*parse_due_key(row.key));
    return entries;
  };
  ASSERT_EQ(due_rows().size(), 1U);
  const DueEntry due = due_rows().front();
  EXPECT_EQ(due.kind, DueKind::kSessionExpiry);
  EXPECT_EQ(session_of_row(due.row), session);
  EXPECT_EQ(due.when, house.clock.now().plus_seconds(3'600 + 86'400));
  house.clock.set(due.when);
  ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return end_session(t, due); }));
  EXPECT_EQ(house.stale, std::vector<std::string>{cache_key::identity(session)});
  EXPECT_EQ(house.identity(session), nullptr);
  EXPECT_TRUE(due_rows().empty());
}

}  // namespace
}  // namespace kagimori
