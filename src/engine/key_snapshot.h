#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "engine/superseded.h"
#include "model/custom_key_store.h"
#include "model/key.h"
#include "model/key_state.h"
#include "model/key_usage.h"
#include "policy/policy.h"

namespace kagimori {

// One version of a key with its material unwrapped.
struct VersionSnapshot {
  std::uint32_t number = 0;
  std::string material_id;
  ObjectState state;
  Presence presence = Presence::kPresent;
  SecretBytes material;       // KeyMaterial::secret; empty when not present
  ObjectState public_state;   // of the public half, which lives and dies by itself
  Bytes public_key;           // of pairs: SubjectPublicKeyInfo in DER
  SecretBytes import_secret;  // of the first version of a key whose material is imported (engine/import_secret.h)
};

// A key as read at one store revision, ready to be used. Immutable and shared; the worker that holds it keys its own
// contexts from `versions`.
struct KeySnapshot {
  Key key;
  std::string arn;
  std::shared_ptr<const CompiledPolicy> policy;
  std::vector<std::string> aliases;          // names with "alias/"
  std::vector<VersionSnapshot> versions;     // ascending
  std::vector<std::string> replica_regions;  // of a multi-Region key, whatever its own role
  std::optional<ExternalKey> external;       // of a key in a custom key store
  std::optional<UsageLimit> usage_limit;
  const Clock* lifecycle_clock = nullptr;  // the engine's, which outlives every snapshot
  // Set once a change has made this an older truth: work that waited on the pool looks before it starts.
  Superseded superseded;

  const VersionSnapshot* version(std::uint32_t number) const;
  const VersionSnapshot& primary() const { return *version(key.primary_version); }
  // Now: imported material is of no use from the moment it expires. Of a key in a custom key store: as if that were
  // connected.
  AwsKeyState state() const;
};

}  // namespace kagimori
