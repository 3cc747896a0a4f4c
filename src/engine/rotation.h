#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/imported_versions.h"
#include "engine/transaction.h"

namespace kagimori {

// Rotation (AWS KMS API reference, operations of the same names).

Status enable_key_rotation(Transaction& transaction, std::string_view key_id, std::optional<std::int64_t> period_days);
Status disable_key_rotation(Transaction& transaction, std::string_view key_id);

struct RotationStatus {
  std::string key_id;
  bool enabled = false;
  std::uint16_t period_days = 0;  // with enabled only
  std::optional<Timestamp> next_rotation;
};
Result<RotationStatus> get_key_rotation_status(Transaction& transaction, std::string_view key_id);

// The key's ARN. The rotation has happened when this is committed.
Result<std::string> rotate_key_on_demand(Transaction& transaction, std::string_view key_id);

struct RotationList {
  std::string key_id;
  std::uint32_t primary_version = 1;
  bool imported = false;
  PendingMaterial pending = PendingMaterial::kNone;
  std::vector<KeyVersion> versions;
  std::vector<std::uint32_t> absent;  // the numbers of those whose imported material is not there
  std::optional<std::string> next_marker;
};
// `all_material` lists the first version too, which no rotation made, and imported material that awaits rotation.
Result<RotationList> list_key_rotations(Transaction& transaction, std::string_view key_id, bool all_material,
                                        std::size_t limit, std::optional<std::string_view> marker);

}  // namespace kagimori
