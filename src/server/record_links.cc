#include "server/record_links.h"

#include <fmt/format.h>

#include "model/grant.h"
#include "model/key_due.h"
#include "model/record_codec.h"
#include "model/record_keys.h"

namespace kagimori {
namespace {

// What the clock would do, and how to have it done all the same.
struct DueWords {
  std::string_view what, remedy;
};
constexpr DueWords kDeletion{"deletion", "Cancel the deletion and schedule it anew."};
constexpr DueWords kRotation{"rotation", "Enable its rotation anew."};
constexpr DueWords kCreation{"creation", "Delete the replica and replicate the key anew."};
constexpr DueWords kNewPrimary{"change of the primary Region", "Call UpdatePrimaryRegion anew."};
constexpr DueWords kExpiry{"removal of expired material", "Delete the imported material, or import it anew."};

const DueWords& words_of(DueKind kind, const Key& key) {
  switch (kind) {
    case DueKind::kDelete:
      return kDeletion;
    case DueKind::kReplicate:
      return key.next_primary_region.empty() ? kCreation : kNewPrimary;
    case DueKind::kExpireMaterial:
    case DueKind::kExpirePendingMaterial:
      return kExpiry;
    default:
      return kRotation;
  }
}

Status missing(const std::string& sentence) { return fail(ErrorCode::kCorrupt, sentence); }

// What the clock must do to a key stands in its record; the row by which the clock finds it must be there too.
Status check_due_row(ReadTransaction& view, const Key& key, DueKind kind, std::optional<Timestamp> when) {
  if (!when) return {};
  const Bytes row = record_key::due(*when, key.account, key.row, static_cast<std::uint8_t>(kind));
  TRY_ASSIGN(const auto stored, view.get(Table::kDue, row));
  if (stored) return {};
  const DueWords& words = words_of(kind, key);
  return missing(
      fmt::format("The {} of key {} of account {} will not happen by itself: its row of table {} is missing. {}",
                  words.what, key.key_id, key.account, table_name(Table::kDue), words.remedy));
}

// A replica's record says where its primary is, and the primary's where all replicas are.
Status check_region(ReadTransaction& view, const Key& key, const std::string& region) {
  TRY_ASSIGN(const auto stored, view.get(Table::kKeyIds, record_key::key_id(key.account, region, key.key_id)));
  if (stored) return {};
  return missing(
      fmt::format("The multi-Region key {} of account {} is missing in {}, though the key in {} refers to it. Restore "
                  "it from a backup.",
                  key.key_id, key.account, region, key.region));
}

Status check_key(ReadTransaction& view, const Key& key) {
  TRY(check_due_row(view, key, DueKind::kDelete, deletion_due(key)));
  TRY(check_due_row(view, key, DueKind::kReplicate, replication_due(key)));
  TRY(check_due_row(view, key, DueKind::kRotate, rotation_due(key)));
  TRY(check_due_row(view, key, DueKind::kExpireMaterial, expiry_due(key)));
  TRY(check_due_row(view, key, DueKind::kExpirePendingMaterial, pending_expiry_due(key)));
  for (const std::string& region : key.replica_regions) TRY(check_region(view, key, region));
  return key.replication == ReplicationRole::kReplica ? check_region(view, key, key.primary_region) : Status();
}

// A grant that can be listed must also be found by its grantee, whom it allows something, and by its retiring
// principal.
Status check_listed_grant(ReadTransaction& view, const Grant& grant) {
  TRY_ASSIGN(const auto stored,
             view.get(Table::kGrantGrantees,
                      record_key::grant_grantee(grant.account, grant.row, grant.grantee.identity, grant.grant_id)));
  if (!stored) {
    return missing(
        fmt::format("The grant {} for key {} of account {} allows nothing: its record of table {} is missing. Revoke "
                    "it and create it anew.",
                    grant.grant_id, grant.key_id, grant.account, table_name(Table::kGrantGrantees)));
  }
  if (grant.retiree.empty()) return {};
  TRY_ASSIGN(const auto retirable,
             view.get(Table::kGrantRetirees, record_key::grant_retiree(grant.retiree.identity, grant.region,
                                                                       grant.grant_id, grant.account, grant.row)));
  if (retirable) return {};
  return missing(
      fmt::format("ListRetirableGrants does not show the grant {} for key {} of account {}: its row of table {} is "
                  "missing. Revoke it and create it anew.",
                  grant.grant_id, grant.key_id, grant.account, table_name(Table::kGrantRetirees)));
}

// And one that allows something must be there to be listed and revoked.
Status check_effective_grant(ReadTransaction& view, const Grant& grant) {
  TRY_ASSIGN(const auto stored, view.get(Table::kGrants, record_key::grant(grant.account, grant.row, grant.grant_id)));
  if (stored) return {};
  return missing(fmt::format(
      "The grant {} for key {} of account {} can't be listed or revoked, though it is in effect: its record "
      "of table {} is missing. Restore it from a backup.",
      grant.grant_id, grant.key_id, grant.account, table_name(Table::kGrants)));
}

}  // namespace

Status check_links(ReadTransaction& view, Table table, ByteView content) {
  if (table == Table::kKeys) {
    TRY_ASSIGN(const Key key, decode<Key>(content));
    return check_key(view, key);
  }
  if (table != Table::kGrants && table != Table::kGrantGrantees) return {};
  TRY_ASSIGN(const Grant grant, decode<Grant>(content));
  return table == Table::kGrants ? check_listed_grant(view, grant) : check_effective_grant(view, grant);
}

}  // namespace kagimori
