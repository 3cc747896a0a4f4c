#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace kagimori {

struct SqliteOptions {
  std::filesystem::path path;           // the database file; its folder must exist
  bool create = false;                  // make a new, empty store; kAlreadyExists if there is one
  bool read_only = false;               // for commands that only look
  std::size_t max_group = 512;          // batches in one transaction
  std::size_t reader_cache_kib = 2048;  // page cache a reading connection
};

// The embedded back end: one SQLite file in WAL mode, synchronous=FULL, one writer thread with group commit, a pool of
// reading connections. A lock file beside the database keeps two servers off the same data (kIo, "in use by process
// N"). Errors at opening say exactly what is wrong: kNotFound (no such store), kCorrupt (not a store, damaged header),
// kNewerSchema (made by a later release), kIo.
Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

}  // namespace kagimori
