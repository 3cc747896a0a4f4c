#include "server/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/offline_event.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "server/store_check.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

// Room first, so that a full disk does not tear the line. Where the file system can't reserve it, the write tells.
int reserve_room(int file, std::size_t size) {
  struct stat status = {};
  if (::fstat(file, &status) != 0) return errno;
  if (::fallocate(file, FALLOC_FL_KEEP_SIZE, status.st_size, static_cast<off_t>(size)) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
}

// 0, or the system's error.
int append_whole(int file, ByteView line) {
  if (const int error = reserve_room(file, line.size()); error != 0) return error;
  const ssize_t written = ::write(file, line.data(), line.size());
  if (written < 0) return errno;
  if (written != static_cast<ssize_t>(line.size())) return ENOSPC;
  return ::fsync(file) == 0 ? 0 : errno;
}

// Beside the server's own appends: O_APPEND and one write keep lines whole.
Status append_to_audit_log(const std::filesystem::path& file, ByteView line) {
  TRY(make_private_folder(file.parent_path()));
  const int log = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (log < 0) return fail(file_error("opened", file, errno));
  const int error = append_whole(log, line);
  ::close(log);
  if (error != 0) return fail(file_error("written", file, error));
  return {};
}

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
