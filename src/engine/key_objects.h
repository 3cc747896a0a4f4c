#pragma once

#include <string>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// The records of one version and its objects: how they come to be and are written. What calls these saves the key.

// A version with its objects.
struct NewVersion {
  KeyVersion version;
  std::vector<KeyObject> objects;
};

// Who did it, for records: the caller's ARN, or "kagimori" for the clock.
std::string acting_principal(const Transaction& transaction);

// A version of the key, born now; without material id.
KeyVersion new_version(const Transaction& transaction, const Key& key, std::uint32_t number);
// An active object of the key with an id of its own, without material.
KeyObject new_object(Transaction& transaction, const Key& key, std::uint32_t version, std::uint8_t index);
// The objects that hold a version's material, without it: the secret or private one, then the public half of a pair.
std::vector<KeyObject> new_material_objects(Transaction& transaction, const Key& key, std::uint32_t version);

// kCorrupt when it is not there.
Result<KeyObject> get_object(Transaction& transaction, const Key& key, std::uint32_t version, std::uint8_t index);
Status put_object(Transaction& transaction, const KeyObject& object);
Status put_new_version(Transaction& transaction, const NewVersion& made);

}  // namespace kagimori
