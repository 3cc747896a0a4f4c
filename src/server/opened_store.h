#pragma once

#include <memory>

#include "base/clock.h"
#include "crypto/context.h"
#include "crypto/random.h"
#include "seal/root.h"
#include "server/config.h"
#include "store/store.h"

namespace kagimori {

// The store of a configuration with its root of trust opened: what the server and the commands that work on files start
// from. Members are destroyed in reverse order.
struct OpenedStore {
  std::unique_ptr<SystemClock> clock;
  std::unique_ptr<CryptoContext> crypto;
  std::unique_ptr<OpensslRandom> random;  // guarded by the keyrings; use it from one thread otherwise
  std::unique_ptr<Store> store;
  StoreMeta meta;
  std::unique_ptr<KeyFileEnvelope> envelope;
  std::unique_ptr<Keyrings> keyrings;

  RootOptions root_options(const Config& config) const;
};

// Notes in the data folder which store lies in it.
Status write_store_id(const Config& config, std::string_view store_id);
// kCorrupt when the note names another store than the one found. A folder without it was made by an earlier release.
Status check_store_id(const Config& config, std::string_view found);
// Opens an existing store; kCorrupt when the database is of another store than the one that the data folder was made
// for. Every failure says which file is wrong and what to do; nothing is changed.
Result<OpenedStore> open_store(const Config& config);
// Makes a new store, its root key file and its first records. kAlreadyExists when there is a store.
Result<OpenedStore> create_store(const Config& config);
// As open_store, of another database file than the configuration's: a backup, or what is to become the store.
// `key_file` empty: root_key_file() tells. For reading only, no lock is taken and commits fail.
struct StoreFile {
  std::filesystem::path database;
  bool read_only = false;
  std::filesystem::path key_file;
};
Result<OpenedStore> open_store_file(const Config& config, const StoreFile& file);
// As open_store, up to the envelope: for the rotation of the root key, which opens the root by itself.
Result<OpenedStore> open_store_and_envelope(const Config& config);

}  // namespace kagimori
