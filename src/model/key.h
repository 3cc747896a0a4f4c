#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "model/ids.h"
#include "model/key_spec.h"
#include "model/lifecycle.h"

namespace kagimori {

struct Tag {
  std::string key, value;
  bool operator==(const Tag&) const = default;
};

enum class ReplicationRole : std::uint8_t { kNone = 0, kPrimary = 1, kReplica = 2 };

// The logical key that people name. Table kKeys.
struct Key {
  RowId row;
  AccountId account;
  std::string region;
  std::string key_id;  // UUID or mrk-...
  std::string owner;   // unique id of the principal that made it
  std::vector<std::string> groups;
  KeyType type;
  KeyOrigin origin = KeyOrigin::kGenerated;
  ExportRule export_rule = ExportRule::kNever;
  std::string description;
  std::vector<Tag> tags;  // sorted by key
  std::string data_class;
  Timestamp created;
  std::optional<Timestamp> expiry;  // of imported material: the earliest date of the versions up to the primary one
  bool enabled = true;
  std::optional<Timestamp> deletion_date;  // lifecycle time; set while deletion is pending
  std::uint16_t pending_window_days = 0;
  ReplicationRole replication = ReplicationRole::kNone;
  std::string primary_region;         // of a multi-Region key
  std::uint32_t primary_version = 1;  // the version that protects
  std::uint32_t last_version = 1;     // the newest one made
  std::uint32_t policy_version = 1;   // current record in kKeyPolicies
  std::uint32_t alias_count = 0;
  std::uint64_t transition_count = 0;
  std::optional<std::uint16_t> rotation_period_days;  // automatic rotation is on
  std::optional<Timestamp> next_rotation;
  std::uint16_t on_demand_rotations = 0;
  std::uint16_t min_deletion_days = 0;  // the key's own protection (0: none)
  bool deletion_protection = false;
  // Of multi-Region keys. Only the primary knows the others, so that one record decides who belongs together.
  std::vector<std::string> replica_regions;  // of a primary: where its replicas are, sorted
  std::string next_primary_region;           // of the two keys that change roles: the primary's Region to be
  std::optional<Timestamp> replication_due;  // when the clock ends what is under way: Creating, or the change of roles
  // Of imported material. Up to the primary one, versions belong to the key for good: it is of no use while the
  // material of any is missing. A version beyond the primary one is material that awaits rotation on demand; there is
  // at most one.
  std::uint32_t absent_versions = 0;        // how many up to the primary one are without their material
  std::optional<Timestamp> pending_expiry;  // of the material that awaits rotation
  bool operator==(const Key&) const = default;
};

enum class RotationType : std::uint8_t { kNone = 0, kAutomatic = 1, kOnDemand = 2 };

// Where, when and how material came to be.
struct BirthRecord {
  Timestamp when;
  std::string where;     // store id
  std::string rng;       // e.g. "OpenSSL 3.0 CTR-DRBG"
  std::string ceremony;  // empty, or the id of its transcript
  std::string by;        // ARN of the caller
  bool operator==(const BirthRecord&) const = default;
};

// A copy that was handed out or written somewhere (backup, export, replica): what destruction must reckon with.
struct CopyEntry {
  enum class Kind : std::uint8_t { kBackup = 1, kExport = 2, kReplica = 3 };
  Kind kind = Kind::kBackup;
  std::string where;
  Timestamp when;
  std::optional<Timestamp> horizon;  // when it will be gone
  bool operator==(const CopyEntry&) const = default;
};

// One piece of material of a key. Table kVersions.
struct KeyVersion {
  RowId row;
  AccountId account;
  std::uint32_t number = 1;
  KeyOrigin origin = KeyOrigin::kGenerated;
  std::string material_id;  // 64 hexadecimal digits (AWS KeyMaterialId); empty before the first import
  Timestamp created;
  RotationType rotation = RotationType::kNone;  // how it became the primary version
  std::optional<Timestamp> rotated_at;
  BirthRecord birth;
  std::vector<CopyEntry> copies;
  std::uint8_t object_count = 1;
  // Of imported material.
  std::string description;
  std::optional<Timestamp> valid_to;  // when it will be removed; set only while it is there
  bool operator==(const KeyVersion&) const = default;
};

enum class ObjectType : std::uint8_t {
  kSecretKey = 1,
  kPrivateKey = 2,
  kPublicKey = 3,
  kCertificate = 4,
  kSecretData = 5,
  kOpaque = 6,
  kSplitKey = 7
};
enum class Presence : std::uint8_t { kPresent = 1, kAbsent = 2, kArchived = 3, kExternal = 4 };

struct AttributeValue;
using AttributeList = std::vector<AttributeValue>;
// Attributes are typed values (nested ones too). A list in a list in a list ... may be kMaxAttributeDepth deep; who
// takes attributes from a caller checks that, because a deeper one would not be read back from the store.
inline constexpr int kMaxAttributeDepth = 8;
struct AttributeValue {
  std::string name;
  std::uint16_t index = 0;
  std::variant<std::int64_t, bool, std::string, Bytes, Timestamp, AttributeList> value;
  bool operator==(const AttributeValue&) const = default;
};

struct ObjectLink {
  std::uint16_t type = 0;  // KMIP Link Type
  std::string target;      // object id
  bool operator==(const ObjectLink&) const = default;
};

// Material under the account's keyring (seal/keyring.h makes and opens it).
struct WrappedMaterial {
  std::uint32_t epoch = 0;
  Bytes blob;  // docs/formats/keyring.md
  bool operator==(const WrappedMaterial&) const = default;
};

// A secret, a private or public half, a certificate ... : lives and dies on its own. Table kObjects.
struct KeyObject {
  RowId row;
  AccountId account;
  std::uint32_t version = 1;
  std::uint8_t index = 0;
  std::string object_id;  // UUID; the KMIP unique identifier; never reused
  ObjectType type = ObjectType::kSecretKey;
  std::uint32_t usage_mask = 0;
  ObjectState state;
  Presence presence = Presence::kPresent;
  WrappedMaterial material;  // empty unless present
  Bytes public_data;         // public keys, certificates
  std::optional<Timestamp> activation, process_start, protect_stop, deactivation, compromise, destroyed;
  bool sensitive = true, always_sensitive = true, extractable = false, never_extractable = true, ever_exported = false;
  AttributeList attributes;
  std::vector<ObjectLink> links;
  bool operator==(const KeyObject&) const = default;
};

// One change of state, of the key (object_id empty) or of one object. Table kTransitions.
struct Transition {
  RowId row;
  AccountId account;
  std::uint64_t sequence = 0;
  std::string object_id;
  std::string from, to;  // names of states or of the AWS view, e.g. "Enabled" -> "PendingDeletion"
  std::string who;       // ARN, or "kagimori" for the clock
  Timestamp when;
  std::string reason_code, text, ticket;
  std::vector<std::string> approvals;
  bool operator==(const Transition&) const = default;
};

// What stays of a key after destruction. Table kTombstones.
struct Tombstone {
  RowId row;
  AccountId account;
  std::string region, key_id;
  std::vector<std::string> object_ids;
  KeyType type;
  KeyOrigin origin = KeyOrigin::kGenerated;
  std::string description;
  std::vector<std::string> material_ids;
  Bytes digest;  // SHA-256 over the last key record
  Timestamp created, destroyed;
  std::string destroyed_by;
  std::uint64_t transition_count = 0;
  std::vector<CopyEntry> copies;
  bool operator==(const Tombstone&) const = default;
};

// Table kAliases, and kKeyAliases for the way back.
struct Alias {
  AccountId account;
  std::string region, name;  // with "alias/"
  RowId target;
  std::string target_key_id;
  Timestamp created, updated;
  bool operator==(const Alias&) const = default;
};

// Table kKeyPolicies. Every version stays: policies keep their revisions.
struct KeyPolicy {
  RowId row;
  AccountId account;
  std::uint32_t version = 1;
  std::string text;
  std::vector<std::pair<std::string, std::string>> bindings;  // principal ARN -> unique id
  Timestamp when;
  std::string by;
  bool operator==(const KeyPolicy&) const = default;
};

}  // namespace kagimori
