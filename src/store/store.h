#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kagimori {

// The tables of the store. A table is an ordered map from a primary key to a value; the bytes of both belong to the
// floors above (model/record_keys.h, seal/). Numbers and names are stored: never reuse one.
enum class Table : std::uint8_t {
  kMeta = 1,
  kEnvelopes = 2,
  kEpochs = 3,
  kAccounts = 4,
  kKeys = 5,
  kKeyIds = 6,
  kVersions = 7,
  kObjects = 8,
  kObjectIds = 9,
  kKeyPolicies = 10,
  kAliases = 11,
  kKeyAliases = 12,
  kGrants = 13,
  kTransitions = 14,
  kTombstones = 15,
  kDue = 16,
  kUsers = 17,
  kUserNames = 18,
  kUserPolicies = 19,
  kAccessKeys = 20,
  kUserAccessKeys = 21,
  kJobs = 22,
  kRoles = 23,
  kRoleNames = 24,
  kGroups = 25,
  kGroupNames = 26,
  kGroupMembers = 27,
  kUserGroups = 28,
  kPolicies = 29,
  kPolicyNames = 30,
  kPolicyVersions = 31,
  kAttachedPolicies = 32,
  kPolicyEntities = 33,
  kSessions = 34,
  kAccessKeyUses = 35,
  kGrantGrantees = 36,
  kGrantRetirees = 37,
  kGrantNames = 38,
  kGrantCounts = 39,
  kKeyUsages = 40,
  kCustomKeyStores = 41,
  kCustomKeyStoreCounts = 42,
  kXksKeys = 43,
  kAuditKeys = 44,
  kKeyUseCounts = 45,
  kUsageLimits = 46,
  kUsageReservations = 47,
  kAlarms = 48,
};
inline constexpr Table kAllTables[] = {Table::kMeta,
                                       Table::kEnvelopes,
                                       Table::kEpochs,
                                       Table::kAccounts,
                                       Table::kKeys,
                                       Table::kKeyIds,
                                       Table::kVersions,
                                       Table::kObjects,
                                       Table::kObjectIds,
                                       Table::kKeyPolicies,
                                       Table::kAliases,
                                       Table::kKeyAliases,
                                       Table::kGrants,
                                       Table::kTransitions,
                                       Table::kTombstones,
                                       Table::kDue,
                                       Table::kUsers,
                                       Table::kUserNames,
                                       Table::kUserPolicies,
                                       Table::kAccessKeys,
                                       Table::kUserAccessKeys,
                                       Table::kJobs,
                                       Table::kRoles,
                                       Table::kRoleNames,
                                       Table::kGroups,
                                       Table::kGroupNames,
                                       Table::kGroupMembers,
                                       Table::kUserGroups,
                                       Table::kPolicies,
                                       Table::kPolicyNames,
                                       Table::kPolicyVersions,
                                       Table::kAttachedPolicies,
                                       Table::kPolicyEntities,
                                       Table::kSessions,
                                       Table::kAccessKeyUses,
                                       Table::kGrantGrantees,
                                       Table::kGrantRetirees,
                                       Table::kGrantNames,
                                       Table::kGrantCounts,
                                       Table::kKeyUsages,
                                       Table::kCustomKeyStores,
                                       Table::kCustomKeyStoreCounts,
                                       Table::kXksKeys,
                                       Table::kAuditKeys,
                                       Table::kKeyUseCounts,
                                       Table::kUsageLimits,
                                       Table::kUsageReservations,
                                       Table::kAlarms};
std::string_view table_name(Table table);  // "keys", "key_ids", ...

// What is stored under one primary key. The revision grows with every change of this primary key and is never reused,
// also not when the record is deleted and made again: who writes takes the store revision of the read that the change
// is based on, plus one.
struct StoredRecord {
  Bytes key;
  std::uint64_t revision = 0;
  Bytes value;
};

// A consistent view of the store at one store revision. Used by one thread; hold it briefly (it keeps old pages alive).
class ReadTransaction {
 public:
  virtual ~ReadTransaction() = default;
  virtual std::uint64_t store_revision() const = 0;
  virtual Result<std::optional<StoredRecord>> get(Table table, ByteView key) = 0;
  // Records whose key starts with `prefix` and is greater than `after` (when not empty), in key order, at most `limit`.
  virtual Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit) = 0;
};

// What a commit takes for granted: the record's revision when it was read, 0 when it was absent.
struct Expectation {
  Table table;
  Bytes key;
  std::uint64_t revision = 0;
};

struct Write {
  Table table;
  Bytes key;
  std::uint64_t revision = 0;  // of the new record; must be greater than the stored one's (else kStale)
  std::optional<Bytes> value;  // nullopt deletes; a record that is absent, and not expected to be, makes that kStale
};

// One atomic change. Either all of it becomes durable or nothing.
struct Batch {
  std::vector<Expectation> expectations;
  std::vector<Write> writes;
  std::vector<Bytes> events;  // audit events, kept in the outbox until remove_events
  bool scrub = false;  // after the commit no trace of overwritten or deleted values may stay in any file of the store
  // Runs on the writer's thread as soon as the batch is on disk, in the order of the store revisions, also where the
  // answer must wait for a scrub. Not called for a batch that fails. Must not block; may be empty.
  std::function<void(std::uint64_t store_revision)> durable = {};
};

// An audit event whose change is durable but which may not have reached the audit log.
struct PendingEvent {
  std::uint64_t sequence = 0;
  std::uint64_t store_revision = 0;
  Bytes payload;
};

// Where everything durable lies. All methods are safe on any thread. Nothing here knows SQL: a back end is a file
// (SQLite) or a server (PostgreSQL).
class Store {
 public:
  using Committed = std::function<void(Result<std::uint64_t> store_revision)>;

  virtual ~Store() = default;

  virtual Result<std::unique_ptr<ReadTransaction>> read() = 0;

  // Queues the batch; batches that wait together share one durable transaction (group commit), each with its own store
  // revision, in the order of the queue. `done` runs on the writer's thread, once, after the batch is on disk, or with
  // kStale when an expectation has moved on, kValidation (no key, revision out of range), kStorageFull, kIo or
  // kCorrupt. It must not block. A batch to be scrubbed is answered when its old values are gone; while a long reader
  // (a backup, an integrity check) keeps them alive, younger batches are answered before it. After kIo the
  // change is not in the store; if the process ends before the disk is well again, it may be there, whole, after all.
  virtual void commit(Batch batch, Committed done) = 0;
  // As above, and waits. Not for workers' threads.
  Result<std::uint64_t> commit_and_wait(Batch batch);

  // The outbox of audit events, oldest first, and its clearing: every event of the changes up to and including a store
  // revision (lazily durable).
  virtual Result<std::vector<PendingEvent>> pending_events(std::size_t limit) = 0;
  virtual void remove_events(std::uint64_t up_to_revision) = 0;

  // A consistent copy at one store revision while the store is in use. The target must not exist.
  virtual Status backup(const std::filesystem::path& target) = 0;
  // Reads every page and index; kCorrupt with what was found.
  virtual Status check_integrity() = 0;
  // Makes a check_integrity() that is under way, and every later one, end at once with kIo: for a store about to close.
  virtual void interrupt_checks() = 0;
  // True when the last user did not close the store (crash, kill, power loss).
  virtual bool was_unclean() const = 0;
};

}  // namespace kagimori
