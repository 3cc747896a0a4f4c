#include "server/opened_store.h"

#include <fmt/format.h>

#include "server/data_folder.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

// All that needs no file yet.
Result<OpenedStore> make_parts() {
  OpenedStore opened;
  opened.clock = std::make_unique<SystemClock>();
  TRY_ASSIGN(opened.crypto, CryptoContext::create());
  opened.random = std::make_unique<OpensslRandom>(*opened.crypto);
  return opened;
}

}  // namespace

Status check_store_id(const Config& config, std::string_view found) {
  const DataFolder folder{config.server.data_dir};
  if (!is_there(folder.store_id())) return {};
  TRY_ASSIGN(std::string expected, read_small_file(folder.store_id()));
  while (expected.ends_with('\n')) expected.pop_back();
  if (expected == found) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} is the database of store {}, but this data folder is of store {} ({} says so). Put the "
                          "right database back, or restore a backup.",
                          folder.store().string(), found, expected, folder.store_id().string()));
}

namespace {

Result<OpenedStore> open_up_to_envelope(const Config& config, const StoreFile& file) {
  SqliteOptions options;
  options.path = file.database;
  options.read_only = file.read_only;
  TRY_ASSIGN(OpenedStore opened, make_parts());
  TRY_ASSIGN(opened.store, open_sqlite_store(options));
  TRY_ASSIGN(opened.meta, read_store_meta(*opened.store));
  if (file.database == DataFolder{config.server.data_dir}.store()) TRY(check_store_id(config, opened.meta.store_id));
  std::filesystem::path key_file = file.key_file;
  if (key_file.empty()) {
    TRY_ASSIGN(key_file, root_key_file(config, opened.meta.store_id));
  }
  TRY_ASSIGN(opened.envelope, KeyFileEnvelope::load(*opened.crypto, key_file, opened.meta.store_id));
  return opened;
}

}  // namespace

Status write_store_id(const Config& config, std::string_view store_id) {
  return write_private_file(DataFolder{config.server.data_dir}.store_id(), fmt::format("{}\n", store_id));
}

RootOptions OpenedStore::root_options(const Config& config) const {
  return {*store, *clock, *random, {config.seal.epoch_max_age_seconds, config.seal.epoch_max_uses}};
}

Result<OpenedStore> open_store_and_envelope(const Config& config) {
  return open_up_to_envelope(config, {DataFolder{config.server.data_dir}.store(), false, {}});
}

Result<OpenedStore> open_store_file(const Config& config, const StoreFile& file) {
  TRY_ASSIGN(OpenedStore opened, open_up_to_envelope(config, file));
  TRY_ASSIGN(opened.keyrings, open_root(*opened.crypto, opened.root_options(config), *opened.envelope));
  return opened;
}

Result<OpenedStore> open_store(const Config& config) {
  return open_store_file(config, {DataFolder{config.server.data_dir}.store(), false, {}});
}

Result<OpenedStore> create_store(const Config& config) {
  const DataFolder folder{config.server.data_dir};
  TRY_ASSIGN(OpenedStore opened, make_parts());
  const std::string store_id = make_uuid(*opened.random);
  TRY_ASSIGN(const std::filesystem::path key_file, root_key_file(config, store_id));
  TRY(make_private_folder(key_file.parent_path()));
  TRY(make_private_folder(folder.store_folder()));
  SqliteOptions options;
  options.path = folder.store();
  options.create = true;
  TRY_ASSIGN(opened.store, open_sqlite_store(options));
  TRY_ASSIGN(opened.envelope, KeyFileEnvelope::create(*opened.crypto, *opened.random, key_file, store_id));
  TRY_ASSIGN(opened.keyrings, create_root(*opened.crypto, opened.root_options(config), store_id,
                                          config.server.test_mode, *opened.envelope));
  TRY_ASSIGN(opened.meta, read_store_meta(*opened.store));
  TRY(write_store_id(config, store_id));
  return opened;
}

}  // namespace kagimori
