#include "server/backup.h"

#include "audit/inbox.h"
#include "engine/offline_event.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "server/store_check.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

// Who backs up need not hold the root key, nor know where it is.
bool lacks_root_key(const Error& error) {
  return error.code == ErrorCode::kWrongRootKey || error.code == ErrorCode::kBadConfiguration;
}

Status check_records(const Config& config, const std::filesystem::path& copy, Backup& made) {
  Result<OpenedStore> opened = open_store_file(config, {copy, true, {}});
  if (!opened && lacks_root_key(opened.error())) {
    made.not_opened = opened.error().message;
    return {};
  }
  if (!opened) return fail(opened.error());
  TRY_ASSIGN(const StoreCheck check, check_store(*opened));
  made.damaged = check.damaged;
  if (check.damaged > 0) made.first_finding = check.findings.front();
  return {};
}

Result<Backup> verify(const Config& config, const std::filesystem::path& copy) {
  SqliteOptions options;
  options.path = copy;
  options.read_only = true;
  Backup made;
  {
    TRY_ASSIGN(const auto store, open_sqlite_store(options));
    TRY(store->check_integrity());
    TRY_ASSIGN(const StoreMeta meta, read_store_meta(*store));
    TRY_ASSIGN(const auto view, store->read());
    made.store_id = meta.store_id;
    made.revision = view->store_revision();
  }
  TRY(check_store_id(config, made.store_id));
  std::error_code unknown;
  made.bytes = std::filesystem::file_size(copy, unknown);
  TRY(check_records(config, copy, made));
  return made;
}

Result<Backup> verify_and_record(const Config& config, const std::filesystem::path& copy) {
  TRY_ASSIGN(Backup made, verify(config, copy));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  OpensslRandom random(*crypto);
  const Bytes line = offline_event(random, SystemClock().now(), "BackUpStore", "",
                                   {{"storeId", made.store_id}, {"target", copy.string()}},
                                   {{"storeRevision", std::to_string(made.revision)}});
  TRY(audit::leave_in_inbox({config.audit.folder}, make_uuid(random), line));
  return made;
}

}  // namespace

Result<Backup> back_up_store(const Config& config, const std::filesystem::path& target) {
  const std::filesystem::path copy = absolute_path(target);
  SqliteOptions options;
  options.path = DataFolder{config.server.data_dir}.store();
  options.read_only = true;
  TRY_ASSIGN(const auto store, open_sqlite_store(options));
  TRY(store->backup(copy));
  Result<Backup> made = verify_and_record(config, copy);
  if (!made) {
    std::error_code ignored;
    std::filesystem::remove(copy, ignored);
  }
  return made;
}

}  // namespace kagimori
