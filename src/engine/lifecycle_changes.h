#pragma once

#include <string>

#include "engine/key_material.h"
#include "engine/key_objects.h"
#include "engine/transaction.h"

namespace kagimori {

// Adds a new version with this material to a key (and makes it the primary one): the first of a new key, or the next.
// `key` is changed; the caller saves it. `external`: of a key in a custom key store, or null;
// of one in an HSM there is no other material.
Result<NewVersion> add_version(Transaction& transaction, Key& key, RotationType rotation, const KeyMaterial& material,
                               const ExternalKey* external = nullptr);

// Rotates: the primary version is superseded (it only processes from then on) and a new one takes its place; at the
// replicas of a multi-Region key too. Of imported material the one that awaits it, which must be there. Returns the id
// of the material that protects from then on.
Result<std::string> rotate_key(Transaction& transaction, Key& key, RotationType rotation);

// What CloudTrail's event RotateKey tells.
void tell_rotation(Trail& trail, const Key& key, RotationType rotation, std::string_view previous_material,
                   std::string_view material);
// The id of the primary version's material, as it is stored.
Result<std::string> primary_material_id(Transaction& transaction, const Key& key);

// Rotates because the clock or a usage limit wants it, and tells so on the trail.
Status rotate_automatically(Transaction& transaction, const Key& before);

// Destroys every version's material and leaves the record, its history and a tombstone; names and aliases are freed.
// The key must be pending deletion; `reason` is the code of the transition.
Status destroy_key(Transaction& transaction, const Key& before, std::string_view reason = "deletion-date");

// Does what a row of kDue asks for, if it is still to be done. Run by the clock.
Status apply_due(Transaction& transaction, const DueEntry& due);

}  // namespace kagimori
