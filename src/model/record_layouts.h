#pragma once

#include "model/audit_key.h"
#include "model/custom_key_store.h"
#include "model/grant.h"
#include "model/identity.h"
#include "model/key.h"
#include "model/key_usage.h"

namespace kagimori {

// The order of the fields of each record, format version 1 (docs/formats/record.md lists the same). Walked by
// FieldWriter with a const record and by FieldReader with one to fill in. Never change a list: a new layout is a new
// format version beside the old one. Internal to record_codec.cc.
template <typename R>
struct RecordLayout;

template <>
struct RecordLayout<Key> {
  static constexpr std::string_view kName = "key";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.region, r.key_id, r.owner, r.groups, r.type, r.origin, r.export_rule, r.description, r.tags, r.data_class);
    io(r.created, r.expiry, r.enabled, r.deletion_date, r.pending_window_days, r.replication, r.primary_region);
    io(r.primary_version, r.last_version, r.policy_version, r.alias_count, r.transition_count);
    io(r.rotation_period_days, r.next_rotation, r.on_demand_rotations, r.min_deletion_days, r.deletion_protection);
    io(r.replica_regions, r.next_primary_region, r.replication_due);
    io(r.absent_versions, r.pending_expiry);
  }
};

template <>
struct RecordLayout<KeyVersion> {
  static constexpr std::string_view kName = "key version";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.number, r.origin, r.material_id, r.created, r.rotation, r.rotated_at, r.birth, r.copies, r.object_count);
    io(r.description, r.valid_to);
  }
};

template <>
struct RecordLayout<KeyObject> {
  static constexpr std::string_view kName = "object";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.version, r.index, r.object_id, r.type, r.usage_mask, r.state, r.presence, r.material, r.public_data);
    io(r.activation, r.process_start, r.protect_stop, r.deactivation, r.compromise, r.destroyed);
    io(r.sensitive, r.always_sensitive, r.extractable, r.never_extractable, r.ever_exported);
    io(r.attributes, r.links);
  }
};

template <>
struct RecordLayout<Transition> {
  static constexpr std::string_view kName = "transition";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.sequence, r.object_id, r.from, r.to, r.who, r.when, r.reason_code, r.text, r.ticket, r.approvals);
  }
};

template <>
struct RecordLayout<Tombstone> {
  static constexpr std::string_view kName = "tombstone";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.region, r.key_id, r.object_ids, r.type, r.origin, r.description, r.material_ids, r.digest);
    io(r.created, r.destroyed, r.destroyed_by, r.transition_count, r.copies);
  }
};

template <>
struct RecordLayout<Alias> {
  static constexpr std::string_view kName = "alias";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.region, r.name, r.target, r.target_key_id, r.created, r.updated);
  }
};

template <>
struct RecordLayout<KeyPolicy> {
  static constexpr std::string_view kName = "key policy";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.version, r.text, r.bindings, r.when, r.by);
  }
};

template <>
struct RecordLayout<KeyLastUsage> {
  static constexpr std::string_view kName = "last usage";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.operation, r.when, r.event_id, r.request_id);
  }
};

template <>
struct RecordLayout<KeyUseCount> {
  static constexpr std::string_view kName = "count of uses";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.version, r.principal, r.arn, r.first, r.last, r.operations);
  }
};

template <>
struct RecordLayout<UsageLimit> {
  static constexpr std::string_view kName = "usage limit";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.maximum_uses, r.maximum_bytes, r.warning_percent, r.rotates);
  }
};

template <>
struct RecordLayout<UsageReservation> {
  static constexpr std::string_view kName = "reservation of uses";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.version, r.uses, r.bytes, r.warned);
  }
};

template <>
struct RecordLayout<Grant> {
  static constexpr std::string_view kName = "grant";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.region, r.key_id, r.grant_id, r.name);
    io.account(r.issuing_account);
    io(r.issued_by, r.created, r.grantee, r.retiree, r.operations, r.constraints, r.token_key);
  }
};

template <>
struct RecordLayout<CustomKeyStore> {
  static constexpr std::string_view kName = "custom key store";
  static void walk(auto& io, auto& r) {
    io(r.row);
    io.account(r.account);
    io(r.region, r.id, r.name, r.type, r.proxy, r.cluster_id, r.trust_anchor, r.secret, r.state, r.error_code,
       r.attempts, r.key_count, r.created);
  }
};

template <>
struct RecordLayout<AuditKey> {
  static constexpr std::string_view kName = "audit key";
  static void walk(auto& io, auto& r) { io(r.number, r.origin, r.verifier, r.introduction, r.created, r.secret); }
};

template <>
struct RecordLayout<Account> {
  static constexpr std::string_view kName = "account";
  static void walk(auto& io, auto& r) {
    io.account(r.id);
    io(r.name, r.created, r.is_operator);
  }
};

template <>
struct RecordLayout<User> {
  static constexpr std::string_view kName = "user";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.user_id, r.name, r.path, r.created, r.policy_count, r.access_key_count, r.policy_revision, r.tags);
    io(r.attached_policy_count, r.group_count, r.permissions_boundary);
  }
};

template <>
struct RecordLayout<Role> {
  static constexpr std::string_view kName = "role";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.role_id, r.name, r.path, r.created, r.description, r.max_session_seconds, r.trust_policy, r.trust_bindings);
    io(r.policy_count, r.policy_revision, r.tags, r.attached_policy_count, r.permissions_boundary);
  }
};

template <>
struct RecordLayout<Group> {
  static constexpr std::string_view kName = "group";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.group_id, r.name, r.path, r.created, r.policy_count, r.policy_revision, r.attached_policy_count,
       r.member_count);
  }
};

template <>
struct RecordLayout<ManagedPolicy> {
  static constexpr std::string_view kName = "managed policy";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.policy_id, r.name, r.path, r.description, r.created, r.updated, r.default_version, r.last_version);
    io(r.version_count, r.attachment_count, r.boundary_count, r.tags);
  }
};

template <>
struct RecordLayout<ManagedPolicyVersion> {
  static constexpr std::string_view kName = "managed policy version";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.policy_id, r.number, r.text, r.created);
  }
};

template <>
struct RecordLayout<UserPolicy> {
  static constexpr std::string_view kName = "user policy";
  static void walk(auto& io, auto& r) {
    io.account(r.account);
    io(r.user_id, r.name, r.text, r.updated);
  }
};

template <>
struct RecordLayout<AccessKey> {
  static constexpr std::string_view kName = "access key";
  static void walk(auto& io, auto& r) {
    io(r.access_key_id);
    io.account(r.account);
    io(r.user_id, r.active, r.created, r.secret);
  }
};

template <>
struct RecordLayout<Session> {
  static constexpr std::string_view kName = "session";
  static void walk(auto& io, auto& r) {
    io(r.access_key_id);
    io.account(r.account);
    io(r.principal_id, r.role_session_name, r.token_hash, r.created, r.expires, r.secret, r.source_identity, r.tags);
    io(r.transitive_tag_keys, r.policy, r.policy_arns);
  }
};

template <>
struct RecordLayout<AccessKeyUse> {
  static constexpr std::string_view kName = "use of an access key";
  static void walk(auto& io, auto& r) { io(r.access_key_id, r.when, r.service, r.region); }
};

template <>
struct RecordLayout<RowId> {
  static constexpr std::string_view kName = "pointer to a row";
  static void walk(auto& io, auto& r) { io(r); }
};

}  // namespace kagimori
