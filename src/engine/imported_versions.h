#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/key_material.h"
#include "engine/transaction.h"

namespace kagimori {

// The versions of keys whose material is imported. Version 1 is there from the beginning and awaits its material; a
// version beyond the primary one holds material that awaits rotation on demand. Each function changes `key`, which the
// caller saves, and writes everything else.

// Material that was unwrapped, and the id that it has in its key.
struct ImportedMaterial {
  KeyMaterial material;
  std::string material_id;
};
// What an import says about the material.
struct ImportTerms {
  std::optional<Timestamp> valid_to;       // nullopt: it does not expire
  std::optional<std::string> description;  // nullopt: as it was
};

// The key's state, from what its record says about its material. `expired`: has_expired_material(), or false to go by
// what has been removed.
AwsKeyState imported_key_state(const Key& key, bool expired);

// Version 1 of a new key, which awaits its first import, and the key's import secret (engine/import_secret.h).
Status add_awaiting_version(Transaction& transaction, Key& key);

// Every version of the key, ascending.
Result<std::vector<KeyVersion>> read_versions(Transaction& transaction, const Key& key);

// Puts the material into a version that awaits it or has lost it; renews the terms of one that has it. A key that this
// makes complete becomes Enabled.
Status restore_material(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions, std::size_t index,
                        const ImportedMaterial& imported, const ImportTerms& terms);
// A new version that awaits rotation; there must be none yet. The replicas of a multi-Region key get it without its
// material, which they await.
Status add_pending_version(Transaction& transaction, Key& key, const ImportedMaterial& imported,
                           const ImportTerms& terms);
// How it stands with the material that awaits rotation.
enum class PendingMaterial : std::uint8_t {
  kNone,               // there is none, or it has expired
  kMissingAtReplicas,  // not every replica of this multi-Region primary has imported it
  kReady,
};
Result<PendingMaterial> pending_material(Transaction& transaction, const Key& key);
// The version that awaits rotation, which must be ready, becomes the primary one; at the replicas of a multi-Region key
// too.
Status activate_pending_version(Transaction& transaction, Key& key);

// Removes the material of a version, and its traces from the store; what awaits rotation goes with its version, because
// it does not belong to the key yet, and from the replicas of a primary too. Nothing when it is not there.
Status remove_material(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions, std::size_t index,
                       std::string_view reason_code);

// What rows kExpireMaterial and kExpirePendingMaterial ask for: removes the first material that is due, one at a time
// so that each has its event. Run by the clock.
Status expire_material(Transaction& transaction, const Key& before, const DueEntry& due);

}  // namespace kagimori
