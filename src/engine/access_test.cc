#include "engine/access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/loader.h"
#include "policy/key_policy.h"

namespace kagimori {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAccount = "111122223333";
constexpr std::string_view kOther = "444455556666";
constexpr std::string_view kArn = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-4111-8111-111111111111";
constexpr std::string_view kUserArn = "arn:aws:iam::111122223333:user/team/Alice";

std::shared_ptr<const CompiledPolicy> compiled(std::string_view text, PolicyKind kind) {
  const auto policy = CompiledPolicy::compile(text, kind, {});
  EXPECT_TRUE(policy) << policy.error().message;
  return policy ? *policy : nullptr;
}

std::string statement(std::string_view effect, std::string_view condition = "") {
  return fmt::format(R"({{"Effect":"{}","Action":"*","Resource":"*"{}{}}})", effect,
                     condition.empty() ? "" : ",\"Condition\":", condition);
}
std::shared_ptr<const CompiledPolicy> identity_policy(std::string_view statements) {
  return compiled(fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statements), PolicyKind::kIdentity);
}
std::shared_ptr<const CompiledPolicy> key_policy(std::string_view effect, std::string_view principal) {
  return compiled(fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"{}","Principal":{{"AWS":"{}"}},)"
                              R"("Action":"kms:*","Resource":"*"}}]}})",
                              effect, principal),
                  PolicyKind::kKey);
}

constexpr std::string_view kGrantOperations[] = {"Encrypt", "Decrypt"};

// One request with everything that can be known of it. A test takes away what it wants to see missing.
struct Scene {
  Scene() {
    who.access_key.account = kAccount;
    who.access_key.user_id = "AIDAALICE";
    who.user_name = "Alice";
    who.arn = kUserArn;
    caller.origin.source_address = "192.0.2.7";
    caller.origin.user_agent = "aws-cli/2";
    caller.origin.tls_version = "TLSv1.3";
    caller.region = "us-east-1";
    caller.time = Timestamp::from_seconds(1'795'341'078);
    key.account = kAccount;
    key.key_id = "11111111-1111-4111-8111-111111111111";
    key.tags = {{"Team", "blue"}};
    facts.encryption_context = context;
    facts.encryption_algorithm = "SYMMETRIC_DEFAULT";
    facts.request_alias = "alias/a";
    facts.request_tags = tags;
    facts.bypass_policy_lockout_safety_check = true;
    facts.reencrypt_on_same_key = false;
    facts.rotation_period_days = 365;
    facts.pending_window_days = 30;
    facts.key_spec = "FACTS_SPEC";
    facts.key_usage = "FACTS_USAGE";
    facts.key_origin = "FACTS_ORIGIN";
    facts.multi_region = true;
    facts.data_key_pair_spec = "RSA_2048";
    facts.expiration_model = "KEY_MATERIAL_EXPIRES";
    facts.grant_constraint_source_arn = "arn:aws:s3:us-east-1:111122223333:x";
    facts.grant_constraint_type = "EncryptionContextSubset";
    facts.grantee_principal = "arn:aws:iam::111122223333:user/Bob";
    facts.grantee_service_principal = "s3.us-east-1.amazonaws.com";
    facts.key_agreement_algorithm = "ECDH";
    facts.mac_algorithm = "HMAC_SHA_256";
    facts.message_type = "DIGEST";
    facts.primary_region = "eu-west-1";
    facts.replica_region = "eu-west-2";
    facts.retiring_principal = "arn:aws:iam::111122223333:user/Eve";
    facts.retiring_service_principal = "ec2.us-east-1.amazonaws.com";
    facts.signing_algorithm = "ECDSA_SHA_256";
    facts.wrapping_algorithm = "RSAES_OAEP_SHA_256";
    facts.wrapping_key_spec = "RSA_4096";
    facts.grant_operations = kGrantOperations;
    facts.grant_is_for_aws_resource = false;
    facts.trailing_days_without_usage = 90;
    facts.valid_to = Timestamp{1'795'341'078'000'000};
  }

  Status ask(std::string_view statements) {
    who.policies = {identity_policy(statements)};
    return ask();
  }
  Status ask() {
    caller.identity = std::make_shared<const IdentitySnapshot>(std::move(who));
    const AccessKeyTarget target{&key, kArn, policy.get(), aliases};
    return authorize(caller,
                     {"kms:Encrypt", kArn, with_key ? &target : nullptr, cross_account_operation, facts, {}, grants});
  }

  IdentitySnapshot who;
  Caller caller;
  Key key;
  std::vector<std::string> aliases = {"alias/a", "alias/b"};
  std::vector<ContextPair> context = {{"Purpose", "test"}};
  std::vector<Tag> tags = {{"CostCenter", "7"}};
  std::vector<std::string> tag_keys = {"Gone"};
  RequestFacts facts;
  std::shared_ptr<const CompiledPolicy> policy = compiled(default_key_policy(kAccount), PolicyKind::kKey);
  bool with_key = true;
  bool cross_account_operation = false;
  GrantSource* grants = nullptr;
};

struct ConditionCase {
  const char* key;
  const char* op;
  const char* value;       // that the key has in a full scene
  void (*remove)(Scene&);  // null: it is always there
};

// Facts: AWS service authorization reference, "Condition keys for AWS KMS", and the global keys.
const ConditionCase kConditions[] = {
    {"kms:EncryptionContext:Purpose", "StringEquals", "test", [](Scene& s) { s.facts.encryption_context = {}; }},
    {"kms:EncryptionContext:purpose", "StringEquals", "test", [](Scene& s) { s.facts.encryption_context = {}; }},
    {"kms:EncryptionContextKeys", "ForAnyValue:StringEquals", "Purpose",
     [](Scene& s) { s.facts.encryption_context = {}; }},
    {"kms:CallerAccount", "StringEquals", "111122223333", nullptr},
    {"kms:EncryptionAlgorithm", "StringEquals", "SYMMETRIC_DEFAULT",
     [](Scene& s) { s.facts.encryption_algorithm = {}; }},
    {"kms:RequestAlias", "StringEquals", "alias/a", [](Scene& s) { s.facts.request_alias = {}; }},
    {"kms:BypassPolicyLockoutSafetyCheck", "Bool", "true",
     [](Scene& s) { s.facts.bypass_policy_lockout_safety_check.reset(); }},
    {"kms:ReEncryptOnSameKey", "Bool", "false", [](Scene& s) { s.facts.reencrypt_on_same_key.reset(); }},
    {"kms:RotationPeriodInDays", "NumericEquals", "365", [](Scene& s) { s.facts.rotation_period_days.reset(); }},
    {"kms:ScheduleKeyDeletionPendingWindowInDays", "NumericEquals", "30",
     [](Scene& s) { s.facts.pending_window_days.reset(); }},
    {"kms:DataKeyPairSpec", "StringEquals", "RSA_2048", [](Scene& s) { s.facts.data_key_pair_spec = {}; }},
    {"kms:ExpirationModel", "StringEquals", "KEY_MATERIAL_EXPIRES", [](Scene& s) { s.facts.expiration_model = {}; }},
    {"kms:GrantConstraintSourceArn", "StringEquals", "arn:aws:s3:us-east-1:111122223333:x",
     [](Scene& s) { s.facts.grant_constraint_source_arn = {}; }},
    {"kms:GrantConstraintType", "StringEquals", "EncryptionContextSubset",
     [](Scene& s) { s.facts.grant_constraint_type = {}; }},
    {"kms:GranteePrincipal", "StringEquals", "arn:aws:iam::111122223333:user/Bob",
     [](Scene& s) { s.facts.grantee_principal = {}; }},
    {"kms:GranteeServicePrincipal", "StringEquals", "s3.us-east-1.amazonaws.com",
     [](Scene& s) { s.facts.grantee_service_principal = {}; }},
    {"kms:KeyAgreementAlgorithm", "StringEquals", "ECDH", [](Scene& s) { s.facts.key_agreement_algorithm = {}; }},
    {"kms:MacAlgorithm", "StringEquals", "HMAC_SHA_256", [](Scene& s) { s.facts.mac_algorithm = {}; }},
    {"kms:MessageType", "StringEquals", "DIGEST", [](Scene& s) { s.facts.message_type = {}; }},
    {"kms:PrimaryRegion", "StringEquals", "eu-west-1", [](Scene& s) { s.facts.primary_region = {}; }},
    {"kms:ReplicaRegion", "StringEquals", "eu-west-2", [](Scene& s) { s.facts.replica_region = {}; }},
    {"kms:RetiringPrincipal", "StringEquals", "arn:aws:iam::111122223333:user/Eve",
     [](Scene& s) { s.facts.retiring_principal = {}; }},
    {"kms:RetiringServicePrincipal", "StringEquals", "ec2.us-east-1.amazonaws.com",
     [](Scene& s) { s.facts.retiring_service_principal = {}; }},
    {"kms:SigningAlgorithm", "StringEquals", "ECDSA_SHA_256", [](Scene& s) { s.facts.signing_algorithm = {}; }},
    {"kms:WrappingAlgorithm", "StringEquals", "RSAES_OAEP_SHA_256", [](Scene& s) { s.facts.wrapping_algorithm = {}; }},
    {"kms:WrappingKeySpec", "StringEquals", "RSA_4096", [](Scene& s) { s.facts.wrapping_key_spec = {}; }},
    {"kms:GrantOperations", "ForAnyValue:StringEquals", "Decrypt", [](Scene& s) { s.facts.grant_operations = {}; }},
    {"kms:GrantIsForAWSResource", "Bool", "false", [](Scene& s) { s.facts.grant_is_for_aws_resource.reset(); }},
    {"kms:TrailingDaysWithoutKeyUsage", "NumericEquals", "90",
     [](Scene& s) { s.facts.trailing_days_without_usage.reset(); }},
    {"kms:ValidTo", "DateEquals", "2026-11-22T09:51:18Z", [](Scene& s) { s.facts.valid_to.reset(); }},
    {"kms:KeySpec", "StringEquals", "SYMMETRIC_DEFAULT", [](Scene& s) { s.with_key = false, s.facts.key_spec = {}; }},
    {"kms:CustomerMasterKeySpec", "StringEquals", "SYMMETRIC_DEFAULT",
     [](Scene& s) { s.with_key = false, s.facts.key_spec = {}; }},
    {"kms:KeyUsage", "StringEquals", "ENCRYPT_DECRYPT", [](Scene& s) { s.with_key = false, s.facts.key_usage = {}; }},
    {"kms:CustomerMasterKeyUsage", "StringEquals", "ENCRYPT_DECRYPT",
     [](Scene& s) { s.with_key = false, s.facts.key_usage = {}; }},
    {"kms:KeyOrigin", "StringEquals", "AWS_KMS", [](Scene& s) { s.with_key = false, s.facts.key_origin = {}; }},
    {"kms:MultiRegion", "Bool", "false", [](Scene& s) { s.with_key = false, s.facts.multi_region.reset(); }},
    {"kms:ResourceAliases", "ForAnyValue:StringEquals", "alias/b", [](Scene& s) { s.aliases.clear(); }},
    {"aws:RequestTag/CostCenter", "StringEquals", "7", [](Scene& s) { s.facts.request_tags = {}; }},
    {"aws:RequestTag/costcenter", "StringEquals", "7", [](Scene& s) { s.facts.request_tags = {}; }},
    {"aws:ResourceTag/Team", "StringEquals", "blue", [](Scene& s) { s.key.tags.clear(); }},
    {"aws:ResourceTag/Team", "StringEquals", "blue", [](Scene& s) { s.with_key = false; }},
    {"aws:TagKeys", "ForAnyValue:StringEquals", "CostCenter", [](Scene& s) { s.facts.request_tags = {}; }},
    {"aws:PrincipalArn", "ArnEquals", "arn:aws:iam::111122223333:user/team/Alice", nullptr},
    {"aws:PrincipalAccount", "StringEquals", "111122223333", nullptr},
    {"aws:PrincipalType", "StringEquals", "User", nullptr},
    {"aws:PrincipalIsAWSService", "Bool", "false", nullptr},
    {"aws:ViaAWSService", "Bool", "false", nullptr},
    {"aws:userid", "StringEquals", "AIDAALICE", nullptr},
    {"aws:username", "StringEquals", "Alice", [](Scene& s) { s.who.user_name.clear(); }},
    {"aws:SourceIp", "IpAddress", "192.0.2.0/24", [](Scene& s) { s.caller.origin.source_address.clear(); }},
    {"aws:UserAgent", "StringEquals", "aws-cli/2", [](Scene& s) { s.caller.origin.user_agent.clear(); }},
    {"aws:SecureTransport", "Bool", "true", nullptr},
    {"aws:CurrentTime", "DateEquals", "2026-11-22T09:51:18Z", nullptr},
    {"aws:EpochTime", "NumericEquals", "1795341078", nullptr},
    {"aws:ResourceAccount", "StringEquals", "111122223333", nullptr},
    {"aws:RequestedRegion", "StringEquals", "us-east-1", [](Scene& s) { s.caller.region.clear(); }},
};

std::string condition(std::string_view op, std::string_view key, std::string_view value) {
  return fmt::format(R"({{"{}":{{"{}":"{}"}}}})", op, key, value);
}

TEST(AccessTest, AnswersEachConditionKeyThatIsPresent) {
  for (const ConditionCase& c : kConditions) {
    EXPECT_TRUE(Scene().ask(statement("Allow", condition(c.op, c.key, c.value)))) << c.key;
    EXPECT_TRUE(Scene().ask(statement("Allow", condition("Null", c.key, "false")))) << c.key << " is not null";
    EXPECT_FALSE(Scene().ask(statement("Allow", condition("Null", c.key, "true")))) << c.key << " is not null";
  }
}

TEST(AccessTest, ConditionKeysThatAreAbsentAreNull) {
  for (const ConditionCase& c : kConditions) {
    if (c.remove == nullptr) continue;
    Scene equals;
    c.remove(equals);
    EXPECT_FALSE(equals.ask(statement("Allow", condition(c.op, c.key, c.value)))) << c.key;
    Scene null;
    c.remove(null);
    EXPECT_TRUE(null.ask(statement("Allow", condition("Null", c.key, "true")))) << c.key;
  }
}

TEST(AccessTest, UnknownConditionKeysAreAbsent) {
  for (const char* key : {"kms:Nonsense", "kms:ViaService", "kms:EncryptionContext:Other", "aws:RequestTag/Other",
                          "aws:ResourceTag/CostCenter", "aws:MultiFactorAuthPresent", "kms:MultiRegionKeyType"}) {
    EXPECT_TRUE(Scene().ask(statement("Allow", condition("Null", key, "true")))) << key;
  }
}

TEST(AccessTest, TheKeyCountsAndNotWhatTheRequestSaysOfIt) {
  EXPECT_FALSE(Scene().ask(statement("Allow", condition("StringEquals", "kms:KeySpec", "FACTS_SPEC"))));
  Scene create;
  create.with_key = false;
  EXPECT_TRUE(create.ask(statement("Allow", condition("StringEquals", "kms:KeySpec", "FACTS_SPEC"))));
  Scene multi;
  multi.key.replication = ReplicationRole::kPrimary;
  multi.facts.multi_region_key_type = "REPLICA";
  EXPECT_TRUE(multi.ask(statement("Allow", condition("StringEquals", "kms:MultiRegionKeyType", "PRIMARY"))));
  Scene replicate;
  replicate.with_key = false;
  replicate.facts.multi_region_key_type = "REPLICA";
  EXPECT_TRUE(replicate.ask(statement("Allow", condition("StringEquals", "kms:MultiRegionKeyType", "REPLICA"))));
}

TEST(AccessTest, ResourceAliasesHaveAValueInIdentityPoliciesOnly) {
  const auto key_policy_with = [](std::string_view condition) {
    return compiled(fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*",)"
                                R"("Action":"kms:*","Resource":"*","Condition":{}}}]}})",
                                condition),
                    PolicyKind::kKey);
  };
  const std::string has_alias = condition("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/b");
  Scene by_key;
  by_key.policy = key_policy_with(has_alias);
  EXPECT_FALSE(by_key.ask());
  Scene absent;
  absent.policy = key_policy_with(condition("Null", "kms:ResourceAliases", "true"));
  EXPECT_TRUE(absent.ask());
  EXPECT_TRUE(Scene().ask(statement("Allow", has_alias)));
}

TEST(AccessTest, TagKeysAreThoseOfTagsAndOfUntag) {
  Scene scene;
  scene.facts.request_tags = {};
  scene.facts.request_tag_keys = scene.tag_keys;
  EXPECT_TRUE(scene.ask(statement("Allow", condition("ForAnyValue:StringEquals", "aws:TagKeys", "Gone"))));
}

TEST(AccessTest, WithoutTlsTheTransportIsNotSecure) {
  Scene plain;
  plain.caller.origin.tls_version.clear();
  EXPECT_FALSE(plain.ask(statement("Allow", condition("Bool", "aws:SecureTransport", "true"))));
}

TEST(AccessTest, EveryMadeUpValueOfOneRequestFits) {
  EXPECT_TRUE(Scene().ask(
      statement("Allow", R"({"NumericEquals":{"kms:RotationPeriodInDays":"365","aws:EpochTime":"1795341078",)"
                         R"("kms:ScheduleKeyDeletionPendingWindowInDays":"30"},)"
                         R"("DateEquals":{"aws:CurrentTime":"2026-11-22T09:51:18Z"}})")));
}

TEST(AccessTest, AnExplicitDenyWinsWhereverItStands) {
  EXPECT_TRUE(Scene().ask(statement("Allow")));
  const Status denied = Scene().ask(statement("Allow") + "," + statement("Deny"));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, ErrorCode::kAccessDenied);
  EXPECT_THAT(denied.error().message, HasSubstr("explicit deny"));
  Scene two;
  two.who.policies = {identity_policy(statement("Deny")), identity_policy(statement("Allow"))};
  EXPECT_FALSE(two.ask());
  Scene by_key;
  by_key.policy = key_policy("Deny", kAccount);
  EXPECT_FALSE(by_key.ask(statement("Allow")));
}

TEST(AccessTest, NothingAllowsByItself) {
  EXPECT_FALSE(Scene().ask()) << "no identity policy";
  Scene no_key_policy;
  no_key_policy.policy = key_policy("Allow", kOther);
  EXPECT_FALSE(no_key_policy.ask(statement("Allow"))) << "the key's policy does not let the account's policies count";
  EXPECT_FALSE(Scene().ask(statement("Allow", condition("StringEquals", "aws:username", "Bob"))));
}

TEST(AccessTest, TheRootUserNeedsTheKeyPolicyToo) {
  const auto as_root = [](Scene& scene) {
    scene.who.access_key.user_id = kAccount;
    scene.who.user_name.clear();
    scene.who.arn = "arn:aws:iam::111122223333:root";
  };
  Scene allowed;
  as_root(allowed);
  EXPECT_TRUE(allowed.ask());
  Scene locked_out;
  as_root(locked_out);
  locked_out.policy = key_policy("Allow", kOther);
  EXPECT_FALSE(locked_out.ask());
}

struct CrossCase {
  bool operation_crosses, key_policy_allows, identity_allows, expected;
};

TEST(AccessTest, AcrossAccountsBothSidesMustAllow) {
  const CrossCase cases[] = {
      {true, true, true, true},   {true, true, false, false},  {true, false, true, false},  {true, false, false, false},
      {false, true, true, false}, {false, true, false, false}, {false, false, true, false},
  };
  for (const CrossCase& c : cases) {
    Scene scene;
    scene.key.account = kOther;
    scene.policy = key_policy("Allow", c.key_policy_allows ? kAccount : kOther);
    scene.cross_account_operation = c.operation_crosses;
    const Status asked = c.identity_allows ? scene.ask(statement("Allow")) : scene.ask();
    EXPECT_EQ(asked.has_value(), c.expected) << c.operation_crosses << c.key_policy_allows << c.identity_allows;
    if (!asked) {
      EXPECT_EQ(asked.error().code, ErrorCode::kAccessDenied);
    }
  }
}

TEST(AccessTest, TheSentenceNamesWhoWhatAndWhere) {
  const Status denied = Scene().ask();
  ASSERT_FALSE(denied);
  EXPECT_THAT(denied.error().message, HasSubstr(kUserArn));
  EXPECT_THAT(denied.error().message, HasSubstr("kms:Encrypt"));
  EXPECT_THAT(denied.error().message, HasSubstr(kArn));
}

// Grants to one identity; remembers whose grants were asked for.
class GrantsTo final : public GrantSource {
 public:
  explicit GrantsTo(std::string identity) : identity_(std::move(identity)) {}
  Result<bool> allows(std::string_view identity) override {
    asked.emplace_back(identity);
    return identity == identity_;
  }
  std::vector<std::string> asked;

 private:
  std::string identity_;
};
using Asked = std::vector<std::string>;

TEST(AccessTest, GrantsAreAskedOnlyWhereNothingElseDecides) {
  const auto ask = [](std::string_view identity_policy, std::shared_ptr<const CompiledPolicy> policy) {
    Scene scene;
    GrantsTo grants("AIDAALICE");
    scene.grants = &grants;
    scene.policy = std::move(policy);
    const Status asked = identity_policy.empty() ? scene.ask() : scene.ask(identity_policy);
    return std::pair(asked.has_value(), grants.asked);
  };
  const auto allow_account = key_policy("Allow", kAccount);
  const std::string allow = statement("Allow");
  EXPECT_EQ(ask(allow, allow_account), std::pair(true, Asked{}));
  EXPECT_EQ(ask("", key_policy("Allow", "*")), std::pair(true, Asked{}));
  EXPECT_EQ(ask("", key_policy("Deny", "*")), std::pair(false, Asked{}));
  EXPECT_EQ(ask(statement("Deny"), allow_account), std::pair(false, Asked{}));
  EXPECT_EQ(ask("", allow_account), std::pair(true, Asked{"AIDAALICE"}));
  EXPECT_EQ(ask(allow, key_policy("Allow", kOther)), std::pair(true, Asked{"AIDAALICE"}));
}

TEST(AccessTest, AGrantToAnAccountNeedsItsIdentityPolicies) {
  for (const bool identity_allows : {false, true}) {
    Scene scene;
    GrantsTo grants{std::string(kAccount)};
    scene.grants = &grants;
    scene.policy = key_policy("Allow", kOther);
    const Status asked = identity_allows ? scene.ask(statement("Allow")) : scene.ask();
    EXPECT_EQ(asked.has_value(), identity_allows);
    EXPECT_EQ(grants.asked, identity_allows ? (Asked{"AIDAALICE", std::string(kAccount)}) : Asked{"AIDAALICE"});
  }
}

TEST(AccessTest, GrantsAcrossAccounts) {
  const struct {
    bool crosses, identity_allows, expected;
    Asked asked;
  } cases[] = {{true, true, true, {"AIDAALICE"}}, {true, false, false, {}}, {false, true, false, {}}};
  for (const auto& c : cases) {
    Scene scene;
    GrantsTo grants("AIDAALICE");
    scene.grants = &grants;
    scene.key.account = kOther;
    scene.policy = key_policy("Allow", kOther);
    scene.cross_account_operation = c.crosses;
    const Status asked = c.identity_allows ? scene.ask(statement("Allow")) : scene.ask();
    EXPECT_EQ(asked.has_value(), c.expected) << c.crosses << c.identity_allows;
    EXPECT_EQ(grants.asked, c.asked) << c.crosses << c.identity_allows;
  }
}

TEST(AccessTest, AGrantThatIsNotCachedIsNoRefusal) {
  class NotCached final : public GrantSource {
    Result<bool> allows(std::string_view) override { return fail(ErrorCode::kCacheMiss); }
  } grants;
  Scene scene;
  scene.grants = &grants;
  EXPECT_EQ(scene.ask().error().code, ErrorCode::kCacheMiss);
}

TEST(AccessTest, WhoACallerIsToGrants) {
  Scene scene;
  EXPECT_EQ(grantee_identities(scene.who).own, Asked{"AIDAALICE"});
  EXPECT_EQ(grantee_identities(scene.who).account, kAccount);
  scene.who.access_key.user_id = "AROAROLE";
  scene.who.arn = "arn:aws:sts::111122223333:assumed-role/Builder/session-1";
  EXPECT_EQ(grantee_identities(scene.who).own, (Asked{"AROAROLE", "AROAROLE:session-1"}));
  scene.who.arn = "arn:aws:sts::111122223333:federated-user/bob";
  EXPECT_EQ(grantee_identities(scene.who).own, (Asked{"AROAROLE", "111122223333:bob"}));
}

}  // namespace
}  // namespace kagimori
