#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "engine/identity_snapshot.h"
#include "engine/key_snapshot.h"
#include "engine/key_store_snapshot.h"
#include "engine/records.h"

namespace kagimori {

// Builds the snapshots that workers cache, out of one read transaction. A null pointer or nullopt is the answer "there
// is none"; errors are kCorrupt, kIo and their like.
Result<std::shared_ptr<const IdentitySnapshot>> load_identity(RecordReader& reader, std::string_view access_key_id);
// The snapshot keeps the clock, which must outlive it.
Result<std::shared_ptr<const KeySnapshot>> load_key(RecordReader& reader, const Clock& lifecycle_clock,
                                                    std::string_view account, std::string_view region,
                                                    std::string_view key_id);
// Null when there is none.
Result<std::shared_ptr<const KeyStoreSnapshot>> load_key_store(RecordReader& reader, std::string_view account,
                                                               std::string_view region, std::string_view store_id);
Result<std::optional<Alias>> load_alias(RecordReader& reader, std::string_view account, std::string_view region,
                                        std::string_view name);

// Pieces that transactions need too.
Result<std::shared_ptr<const CompiledPolicy>> compile_key_policy(const KeyPolicy& policy);
Result<std::vector<std::string>> load_alias_names(RecordReader& reader, const Key& key);

}  // namespace kagimori
