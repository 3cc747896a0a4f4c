#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "model/ids.h"

namespace kagimori {

// Primary keys of records (docs/formats/record.md). Texts of variable length are followed by a zero byte, numbers are
// big-endian, so that byte order is the order people expect and a prefix lists what belongs together.
namespace record_key {

Bytes account(std::string_view account);
Bytes audit_key(std::uint32_t number);
Bytes epoch(std::string_view account, std::uint32_t epoch);
Bytes epochs_of(std::string_view account);  // prefix
Bytes key(std::string_view account, const RowId& row);
Bytes keys_of(std::string_view account);  // prefix
Bytes key_id(std::string_view account, std::string_view region, std::string_view key_id);
Bytes key_ids_of(std::string_view account, std::string_view region);  // prefix
Bytes version(std::string_view account, const RowId& row, std::uint32_t number);
Bytes object(std::string_view account, const RowId& row, std::uint32_t version, std::uint8_t index);
Bytes use_count(std::string_view account, const RowId& row, std::uint32_t version, std::string_view principal);
Bytes of_key(std::string_view account, const RowId& row);  // prefix: versions, objects, transitions, policies, aliases
Bytes object_id(std::string_view account, std::string_view object_id);
Bytes key_policy(std::string_view account, const RowId& row, std::uint32_t version);
Bytes alias(std::string_view account, std::string_view region, std::string_view name);
Bytes aliases_of(std::string_view account, std::string_view region);  // prefix
Bytes key_alias(std::string_view account, const RowId& row, std::string_view name);
Bytes transition(std::string_view account, const RowId& row, std::uint64_t sequence);
// A grant id is always 64 characters, so it needs no end mark. Identities and service names hold no zero byte.
Bytes grant(std::string_view account, const RowId& row, std::string_view grant_id);
Bytes grant_grantee(std::string_view account, const RowId& row, std::string_view grantee, std::string_view grant_id);
Bytes grants_of_grantee(std::string_view account, const RowId& row, std::string_view grantee);  // prefix
Bytes grant_retiree(std::string_view retiree, std::string_view region, std::string_view grant_id,
                    std::string_view account, const RowId& row);
Bytes grants_of_retiree(std::string_view retiree, std::string_view region);  // prefix
Bytes grant_name(std::string_view account, const RowId& row, ByteView digest);
Bytes grant_count(std::string_view account, const RowId& row, std::uint8_t shard);
Bytes due(Timestamp when, std::string_view account, const RowId& row, std::uint8_t kind);
// That an alarm was raised about what is due: the key of that, and the alarm's number.
Bytes alarm(ByteView due, std::uint8_t alarm);
Bytes custom_key_store(std::string_view account, std::string_view region, std::string_view store_id);
Bytes custom_key_stores_of(std::string_view account, std::string_view region);  // prefix; the key of their count, too
Bytes xks_key(std::string_view account, std::string_view store_id, std::string_view xks_key_id);
// In kJobs: that a store is on its way to another connection state.
Bytes connection_job(std::string_view account, std::string_view region, std::string_view store_id);
Bytes connection_jobs();  // prefix
// In kJobs: that a key of a KMS key which is destroyed has to be removed from an HSM. `key_id` as in ExternalKey.
Bytes hsm_removal_job(std::string_view account, std::string_view region, std::string_view store_id,
                      std::string_view key_id);
Bytes hsm_removal_jobs();  // prefix
Bytes user(std::string_view account, std::string_view user_id);
Bytes users_of(std::string_view account);  // prefix
Bytes user_name(std::string_view account, std::string_view lower_case_name);
Bytes user_policy(std::string_view account, std::string_view user_id, std::string_view name);
Bytes user_policies_of(std::string_view account, std::string_view user_id);  // prefix
Bytes access_key(std::string_view access_key_id);
Bytes user_access_key(std::string_view account, std::string_view user_id, std::string_view access_key_id);
Bytes user_access_keys_of(std::string_view account, std::string_view user_id);  // prefix
// Roles, groups and managed policies, by unique id and by name.
Bytes iam_entity(std::string_view account, std::string_view unique_id);
Bytes iam_name(std::string_view account, std::string_view lower_case_name);
Bytes iam_names_of(std::string_view account);  // prefix
Bytes policy_version(std::string_view account, std::string_view policy_id, std::uint32_t number);
// What belongs to somebody: group members, groups of a user, policies of a user, role or group, who has a policy.
Bytes iam_link(std::string_view account, std::string_view from_id, std::string_view to_id);
Bytes iam_links_of(std::string_view account, std::string_view from_id);  // prefix: also the versions of a policy

}  // namespace record_key

// What a row of kDue asks for.
enum class DueKind : std::uint8_t {
  kRotate = 1,
  kDelete = 2,
  kReplicate = 3,
  kRemoveGrants = 4,
  kExpireMaterial = 8,         // imported material of a version in use
  kExpirePendingMaterial = 9,  // imported material that awaits rotation
  kSessionExpiry = 16,
};
// A session has no row: the 16 characters of its access key id after "ASIA" stand in its place.
RowId session_row(std::string_view access_key_id);
std::string session_of_row(const RowId& row);
struct DueEntry {
  Timestamp when;
  AccountId account;
  RowId row;
  DueKind kind = DueKind::kRotate;
};
Result<DueEntry> parse_due_key(ByteView key);

// Which store a connection_job() is about.
struct ConnectionJob {
  AccountId account;
  std::string region, store_id;
};
Result<ConnectionJob> parse_connection_job(ByteView key);
// What a hsm_removal_job() is about.
struct HsmRemovalJob {
  AccountId account;
  std::string region, store_id, key_id;
};
Result<HsmRemovalJob> parse_hsm_removal_job(ByteView key);

// Where a row of kGrantRetirees leads to. kCorrupt for a key that does not begin with `prefix`.
struct RetireeEntry {
  std::string grant_id;
  AccountId account;
  RowId row;
};
Result<RetireeEntry> parse_grant_retiree(ByteView key, ByteView prefix);

}  // namespace kagimori
