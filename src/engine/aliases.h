#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// Aliases (AWS KMS API reference: CreateAlias, UpdateAlias, DeleteAlias, ListAliases). Names carry their "alias/".

Status create_alias(Transaction& transaction, std::string_view alias_name, std::string_view target_key_id);
Status update_alias(Transaction& transaction, std::string_view alias_name, std::string_view target_key_id);
Status delete_alias(Transaction& transaction, std::string_view alias_name);

struct AliasList {
  std::vector<Alias> aliases;
  std::optional<std::string> next_marker;
};
// `key_id` empty: all aliases of the account and region.
Result<AliasList> list_aliases(Transaction& transaction, std::string_view key_id, std::size_t limit,
                               std::optional<std::string_view> marker);

}  // namespace kagimori
