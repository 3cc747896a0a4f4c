#include "server/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "engine/offline_event.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

// Beside the server's own appends: O_APPEND and one write keep lines whole.
Status append_to_audit_log(const std::filesystem::path& file, ByteView line) {
  TRY(make_private_folder(file.parent_path()));
  const int log = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (log < 0) return fail(file_error("opened", file, errno));
  const ssize_t written = ::write(log, line.data(), line.size());
  const bool done = written == static_cast<ssize_t>(line.size()) && ::fsync(log) == 0;
  const int error = errno;
  ::close(log);
  if (!done) return fail(file_error("written", file, error));
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
  made.bytes = std::filesystem::file_size(copy);
  // Who backs up need not hold the root key.
  if (const auto opened = open_store_file(config, {copy, true, {}}); !opened) {
    if (opened.error().code != ErrorCode::kWrongRootKey) return fail(opened.error());
    made.not_opened = opened.error().message;
  }
  return made;
}

Result<Backup> verify_and_record(const Config& config, const std::filesystem::path& copy) {
  TRY_ASSIGN(Backup made, verify(config, copy));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  OpensslRandom random(*crypto);
  const Bytes line = offline_event(random, SystemClock().now(), "BackUpStore", "",
                                   {{"storeId", made.store_id}, {"target", copy.string()}},
                                   {{"storeRevision", std::to_string(made.revision)}});
  TRY(append_to_audit_log(config.audit.path, line));
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
