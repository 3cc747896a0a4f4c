#pragma once

#include "model/audit_key.h"
#include "model/custom_key_store.h"
#include "model/grant.h"
#include "model/identity.h"
#include "model/key.h"
#include "model/key_usage.h"

// One fully populated record of each type, for tests: every field differs from its default, so that a golden file made
// from it covers the whole layout.
namespace kagimori::sample {

inline RowId row(std::uint8_t first) {
  RowId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::uint8_t>(first + i);
  return id;
}
inline constexpr Timestamp kTime{1'795'341'078'123'456};
inline constexpr std::string_view kKeyId = "1234abcd-12ab-34cd-56ef-1234567890ab";

inline Key key() {
  Key r;
  r.row = row(0x10);
  r.account = "111122223333";
  r.region = "eu-central-1";
  r.key_id = "mrk-1234abcd12ab34cd56ef1234567890ab";
  r.owner = "AIDAQQQQWWWWEEEERRRR2";
  r.groups = {"payments", "backup"};
  r.type = {KeyAlgorithm::kEc, 384, Curve::kP384, kUsageSign | kUsageVerify, Construction::kStandard};
  r.origin = KeyOrigin::kImported;
  r.export_rule = ExportRule::kWrappedOnly;
  r.description = "signs invoices \xe9\x8d\xb5";
  r.tags = {{"cost", "42"}, {"team", ""}};
  r.data_class = "internal";
  r.created = kTime;
  r.expiry = kTime.plus_days(900);
  r.enabled = false;
  r.deletion_date = kTime.plus_days(30);
  r.pending_window_days = 30;
  r.replication = ReplicationRole::kPrimary;
  r.primary_region = "us-east-1";
  r.primary_version = 2;
  r.last_version = 3;
  r.policy_version = 4;
  r.alias_count = 5;
  r.transition_count = 6;
  r.rotation_period_days = 365;
  r.next_rotation = kTime.plus_days(365);
  r.on_demand_rotations = 7;
  r.min_deletion_days = 8;
  r.deletion_protection = true;
  r.replica_regions = {"ap-southeast-2", "us-west-2"};
  r.next_primary_region = "us-west-2";
  r.replication_due = kTime.plus_seconds(7);
  r.absent_versions = 9;
  r.pending_expiry = kTime.plus_days(800);
  return r;
}

inline std::vector<CopyEntry> copies() {
  return {{CopyEntry::Kind::kBackup, "backup-7", kTime, kTime.plus_days(90)},
          {CopyEntry::Kind::kReplica, "us-east-1", kTime.plus_seconds(5), std::nullopt}};
}

inline KeyVersion key_version() {
  KeyVersion r;
  r.row = row(0x20);
  r.account = "111122223333";
  r.number = 3;
  r.origin = KeyOrigin::kHsm;
  r.material_id = std::string(64, 'a');
  r.created = kTime;
  r.rotation = RotationType::kOnDemand;
  r.rotated_at = kTime.plus_days(1);
  r.birth = {kTime, "store-1", "OpenSSL 3.0 CTR-DRBG", "ceremony-9", "arn:aws:iam::111122223333:user/ann"};
  r.copies = copies();
  r.object_count = 2;
  r.description = "from the vault in Bern";
  r.valid_to = kTime.plus_days(700);
  return r;
}

inline AttributeList attributes() {
  AttributeList list;
  list.push_back({"Activation Count", 0, std::int64_t{-7}});
  list.push_back({"Fresh", 1, true});
  list.push_back({"Name", 2, std::string("invoice key")});
  list.push_back({"Digest", 3, Bytes{0xde, 0xad}});
  list.push_back({"Last Change Date", 4, kTime});
  AttributeList inner;
  inner.push_back({"Interval", 0, std::int64_t{86'400}});
  AttributeList middle;
  middle.push_back({"Offsets", 0, inner});
  list.push_back({"Rotation", 5, middle});
  return list;
}

inline KeyObject key_object() {
  KeyObject r;
  r.row = row(0x30);
  r.account = "111122223333";
  r.version = 3;
  r.index = 1;
  r.object_id = "aaaabbbb-12ab-34cd-56ef-1234567890ab";
  r.type = ObjectType::kPrivateKey;
  r.usage_mask = kUsageSign;
  r.state = {LifecycleState::kSuspended, {LifecycleReason::kDisabled, LifecycleReason::kOnHold}, true};
  r.presence = Presence::kArchived;
  r.material = {12, {1, 2, 3, 4}};
  r.public_data = {5, 6, 7};
  r.activation = kTime.plus_days(1);
  r.process_start = kTime.plus_days(2);
  r.protect_stop = kTime.plus_days(3);
  r.deactivation = kTime.plus_days(4);
  r.compromise = kTime.plus_days(5);
  r.destroyed = kTime.plus_days(6);
  r.sensitive = false;
  r.always_sensitive = false;
  r.extractable = true;
  r.never_extractable = false;
  r.ever_exported = true;
  r.attributes = attributes();
  r.links = {{0x101, "ccccbbbb-12ab-34cd-56ef-1234567890ab"}};
  return r;
}

inline Transition transition() {
  Transition r;
  r.row = row(0x40);
  r.account = "111122223333";
  r.sequence = 9;
  r.object_id = "aaaabbbb-12ab-34cd-56ef-1234567890ab";
  r.from = "Enabled";
  r.to = "PendingDeletion";
  r.who = "arn:aws:iam::111122223333:user/ann";
  r.when = kTime;
  r.reason_code = "Retired";
  r.text = "no longer needed";
  r.ticket = "OPS-17";
  r.approvals = {"arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333:user/eve"};
  return r;
}

inline Tombstone tombstone() {
  Tombstone r;
  r.row = row(0x50);
  r.account = "111122223333";
  r.region = "eu-central-1";
  r.key_id = kKeyId;
  r.object_ids = {"aaaabbbb-12ab-34cd-56ef-1234567890ab"};
  r.type = {KeyAlgorithm::kMlKem, 768, Curve::kNone, kUsageKeyAgreement, Construction::kStandard};
  r.origin = KeyOrigin::kExternalKeyStore;
  r.description = "gone";
  r.material_ids = {std::string(64, 'b')};
  r.digest = Bytes(32, 0x77);
  r.created = kTime;
  r.destroyed = kTime.plus_days(100);
  r.destroyed_by = "kagimori";
  r.transition_count = 11;
  r.copies = copies();
  return r;
}

inline Alias alias() {
  return {"111122223333",      "eu-central-1", "alias/invoices",     row(0x60),
          std::string(kKeyId), kTime,          kTime.plus_seconds(1)};
}

inline KeyPolicy key_policy() {
  KeyPolicy r;
  r.row = row(0x70);
  r.account = "111122223333";
  r.version = 4;
  r.text = R"({"Version":"2012-10-17","Statement":[]})";
  r.bindings = {{"arn:aws:iam::111122223333:user/ann", "AIDAQQQQWWWWEEEERRRR2"}};
  r.when = kTime;
  r.by = "arn:aws:iam::111122223333:root";
  return r;
}

inline KeyLastUsage key_last_usage() {
  return {row(0x70),
          "111122223333",
          "GenerateDataKey",
          kTime,
          "0b5c7bbc-3d43-4fd4-8a5a-4ac0e4cbf5b0",
          "6f4a8c1e-52c1-4f57-9d37-0f8f6f1f2a55"};
}

inline KeyUseCount key_use_count() {
  return {row(0x70),
          "111122223333",
          3,
          "AIDAQQQQWWWWEEEERRRR2",
          "arn:aws:iam::111122223333:user/ann",
          kTime,
          kTime.plus_seconds(5),
          {{"Decrypt", 7, 1'234}, {"Encrypt", 1, std::uint64_t{1} << 40}}};
}

inline UsageLimit usage_limit() { return {row(0x70), "111122223333", 1'000'000, std::uint64_t{1} << 36, 75, true}; }

inline UsageReservation usage_reservation() { return {row(0x70), "111122223333", 3, 2'000, 4'096, true}; }

inline Grant grant() {
  Grant r;
  r.row = row(0x80);
  r.account = "111122223333";
  r.region = "eu-central-1";
  r.key_id = kKeyId;
  r.grant_id = std::string(64, 'c');
  r.name = "nightly";
  r.issuing_account = "444455556666";
  r.issued_by = "arn:aws:iam::444455556666:user/bob";
  r.created = kTime;
  r.grantee = {"arn:aws:iam::111122223333:user/ann", "AIDAQQQQWWWWEEEERRRR2", "logs.amazonaws.com"};
  r.retiree = {"arn:aws:iam::444455556666:root", "444455556666", "backup.amazonaws.com"};
  r.operations = {GrantOperation::kDecrypt, GrantOperation::kCreateGrant, GrantOperation::kDecapsulate};
  r.constraints = {{{{"tenant", "a"}, {"Stage", ""}}}, {{{"tenant", "a"}}}, "arn:aws:s3:eu-central-1:111122223333:b"};
  r.token_key = Bytes(32, 0x5a);
  return r;
}

inline CustomKeyStore custom_key_store() {
  CustomKeyStore r;
  r.row = row(0x90);
  r.account = "111122223333";
  r.region = "eu-central-1";
  r.id = "cks-0123456789abcdef0";
  r.name = "vault in the cellar";
  r.type = CustomKeyStoreType::kExternal;
  r.proxy = {XksConnectivity::kVpcEndpointService,
             "https://proxy.example.com",
             "/cellar/kms/xks/v1",
             "com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0",
             "444455556666",
             "ABCDEFGHIJKLMNOPQRST"};
  r.cluster_id = "cluster-abcdefghijk";
  r.trust_anchor = "-----BEGIN CERTIFICATE-----";
  r.secret = {4, {6, 5, 4}};
  r.state = ConnectionState::kFailed;
  r.error_code = "XKS_PROXY_TIMED_OUT";
  r.attempts = 12;
  r.key_count = 13;
  r.created = kTime;
  return r;
}

inline AuditKey audit_key() {
  return {2,
          "kagimori/0f0e0d0c-0b0a-0908-0706-050403020100/1a2b3c4d",
          "kagimori/0f0e+01020304+AQ==",
          "signed\n\n\u2014 by the one before\n",
          kTime,
          {5, {1, 2, 3}}};
}

inline Account account() { return {"111122223333", "Example Ltd", kTime, true}; }

inline User user() {
  return {"111122223333",
          "AIDAQQQQWWWWEEEERRRR2",
          "Ann",
          "/staff/",
          kTime,
          1,
          2,
          3,
          {{"team", "payments"}},
          4,
          5,
          "arn:aws:iam::111122223333:policy/edge"};
}

inline UserPolicy user_policy() {
  return {"111122223333", "AIDAQQQQWWWWEEEERRRR2", "use-keys", R"({"Statement":[]})", kTime};
}

inline AccessKey access_key() {
  return {"AKIAQQQQWWWWEEEERRRR", "111122223333", "AIDAQQQQWWWWEEEERRRR2", false, kTime, {3, {9, 8, 7}}};
}

inline Role role() {
  Role r;
  r.account = "111122223333";
  r.role_id = "AROAQQQQWWWWEEEERRRR2";
  r.name = "Deployer";
  r.path = "/ci/";
  r.created = kTime;
  r.description = "deploys";
  r.max_session_seconds = 7'200;
  r.trust_policy = R"({"Version":"2012-10-17","Statement":[]})";
  r.trust_bindings = {{"arn:aws:iam::111122223333:user/ann", "AIDAQQQQWWWWEEEERRRR2"}};
  r.policy_count = 1;
  r.policy_revision = 2;
  r.tags = {{"team", "payments"}};
  r.attached_policy_count = 3;
  r.permissions_boundary = "arn:aws:iam::111122223333:policy/edge";
  return r;
}

inline Group group() { return {"111122223333", "AGPAQQQQWWWWEEEERRRR2", "Staff", "/all/", kTime, 1, 2, 3, 4}; }

inline ManagedPolicy managed_policy() {
  ManagedPolicy r;
  r.account = "111122223333";
  r.policy_id = "ANPAQQQQWWWWEEEERRRR2";
  r.name = "edge";
  r.path = "/limits/";
  r.description = "what anybody may do at most";
  r.created = kTime;
  r.updated = kTime.plus_days(1);
  r.default_version = 3;
  r.last_version = 6;
  r.version_count = 5;
  r.attachment_count = 7;
  r.boundary_count = 8;
  r.tags = {{"team", "payments"}};
  return r;
}

inline ManagedPolicyVersion managed_policy_version() {
  return {"111122223333", "ANPAQQQQWWWWEEEERRRR2", 3, R"({"Version":"2012-10-17","Statement":[]})", kTime};
}

inline Session session() {
  Session r;
  r.access_key_id = "ASIAQQQQWWWWEEEERRRR";
  r.account = "111122223333";
  r.principal_id = "AROAQQQQWWWWEEEERRRR2";
  r.role_session_name = "build-17";
  r.token_hash = Bytes(32, 0x77);
  r.created = kTime;
  r.expires = kTime.plus_seconds(3'600);
  r.secret = {3, {9, 8, 7}};
  r.source_identity = "ann";
  r.tags = {{"team", "payments"}};
  r.transitive_tag_keys = {"team"};
  r.policy = R"({"Version":"2012-10-17","Statement":[]})";
  r.policy_arns = {"arn:aws:iam::aws:policy/AdministratorAccess"};
  return r;
}

inline AccessKeyUse access_key_use() { return {"AKIAQQQQWWWWEEEERRRR", kTime, "kms", "eu-central-1"}; }

}  // namespace kagimori::sample
