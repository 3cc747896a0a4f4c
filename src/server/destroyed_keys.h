#pragma once

#include <vector>

#include "server/config.h"
#include "server/opened_store.h"

namespace kagimori {

// What a restore must know of destruction, so that no backup brings a destroyed key back.

// Every tombstone of a store. kCorrupt when one of them is damaged.
Result<std::vector<Tombstone>> read_tombstones(OpenedStore& opened);

struct DestroyedAgain {
  std::size_t keys = 0;        // that the store still held
  std::size_t tombstones = 0;  // of keys that it never had, kept for the restores to come
};
// Makes each tombstone true in this store: the key's material is removed from its file, its state is Destroyed, its id
// and aliases are free, its tombstone stands. A tombstone whose account the store lacks is kept under the house's own
// account. One commit a key.
Result<DestroyedAgain> destroy_again(OpenedStore& opened, const Config& config,
                                     const std::vector<Tombstone>& tombstones);

}  // namespace kagimori
