#include "server/restore.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "engine/offline_event.h"
#include "server/audit_log.h"
#include "server/data_folder.h"
#include "server/destroyed_keys.h"
#include "server/opened_store.h"
#include "server/store_check.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"
#include "store/store_lock.h"

namespace kagimori {
namespace {

constexpr std::size_t kOutboxPage = 10'000;

std::filesystem::path with_suffix(const std::filesystem::path& file, std::string_view suffix) {
  return file.string() + std::string(suffix);
}

// A database file with what SQLite and the lock keep beside it.
void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const std::string_view suffix : {"", "-wal", "-shm", "-journal", ".lock"}) {
    std::filesystem::remove(with_suffix(file, suffix), ignored);
  }
}

// The copy that is to become the store; gone unless it did.
struct WorkingCopy {
  std::filesystem::path file;
  ~WorkingCopy() { remove_database(file); }
};

// What the present store knows that the backup can't.
struct Present {
  std::vector<Tombstone> tombstones;
  std::vector<Bytes> events;  // not in the audit log yet
};

Result<Present> look_at_present(OpenedStore& opened) {
  Present present;
  TRY_ASSIGN(present.tombstones, read_tombstones(opened));
  TRY_ASSIGN(auto pending, opened.store->pending_events(kOutboxPage));
  for (PendingEvent& event : pending) present.events.push_back(std::move(event.payload));
  return present;
}

Status check_source(const std::filesystem::path& from, const std::filesystem::path& store) {
  TRY(inspect_store_file(from));
  std::error_code ignored;
  if (std::filesystem::equivalent(from, store, ignored)) {
    return fail(ErrorCode::kValidation, fmt::format("{} is the store itself. Name a backup.", from.string()));
  }
  const auto log_size = std::filesystem::file_size(with_suffix(from, "-wal"), ignored);
  if (ignored || log_size == 0) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} is the database of a store in use, not a backup. Make one of it with "
                          "`kagimori backup`.",
                          from.string()));
}

Status copy_privately(const std::filesystem::path& from, const std::filesystem::path& to) {
  TRY(create_private_file(to));
  std::error_code failed;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, failed);
  if (failed) return fail(file_error("written", to, failed.value()));
  return make_private(to);
}

Result<OpenedStore> open_copy(const Config& config, const RestoreOptions& options, const std::filesystem::path& copy) {
  Result<OpenedStore> opened = open_store_file(config, {copy, false, options.key_file});
  if (opened || opened.error().code != ErrorCode::kWrongRootKey) return opened;
  return fail(ErrorCode::kWrongRootKey,
              fmt::format("The backup can't be opened. {} If the root key was rotated after the backup was made, give "
                          "the copy of the key file from before with --key-file.",
                          opened.error().message));
}

// A store must not be given up for one that is worse.
Status check_records(OpenedStore& opened, const RestoreOptions& options) {
  TRY_ASSIGN(const StoreCheck check, check_store(opened));
  if (check.damaged == 0 || options.accept_damage) return {};
  return fail(ErrorCode::kCorrupt,
              fmt::format("The backup has {} finding{}, the first: {} Nothing was changed. Use another backup, or "
                          "--accept-damage if there is no better one.",
                          check.damaged, check.damaged == 1 ? "" : "s", check.findings.front()));
}

// Brings the copy to what the store must be, and closes it.
Result<Restored> prepare(const Config& config, const RestoreOptions& options, const std::filesystem::path& copy,
                         std::string_view present_id, Present present) {
  TRY_ASSIGN(OpenedStore opened, open_copy(config, options, copy));
  if (!present_id.empty() && present_id != opened.meta.store_id) {
    return fail(ErrorCode::kConflict,
                fmt::format("The backup is of store {}, but the data folder holds store {}. Restore into another data "
                            "folder, or move that store away.",
                            opened.meta.store_id, present_id));
  }
  TRY(check_records(opened, options));
  Restored restored;
  restored.store_id = opened.meta.store_id;
  {
    TRY_ASSIGN(const auto view, opened.store->read());
    restored.revision = view->store_revision();
  }
  TRY_ASSIGN(std::vector<Tombstone> tombstones, read_tombstones(opened));
  std::ranges::move(present.tombstones, std::back_inserter(tombstones));
  TRY_ASSIGN(const DestroyedAgain destroyed, destroy_again(opened, config, tombstones));
  restored.keys_destroyed = destroyed.keys;
  restored.tombstones_carried = destroyed.tombstones;

  Batch events;
  events.events = std::move(present.events);
  events.events.push_back(offline_event(
      *opened.random, opened.clock->now(), "RestoreStore", "",
      {{"storeId", restored.store_id}, {"source", absolute_path(options.from).string()}},
      {{"storeRevision", std::to_string(restored.revision)}, {"keysDestroyed", std::to_string(destroyed.keys)}}));
  TRY(opened.store->commit_and_wait(std::move(events)));
  return restored;
}

Status exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) {
    return fail(file_error("exchanged", one, errno));
  }
  return sync_folder_of(one);
}

// From here on no server may come between. A log that is left would be taken for the new file's.
Status check_closed(const std::filesystem::path& store) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(with_suffix(store, "-wal"), missing);
  if (missing || size == 0) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("{}-wal holds changes of a store that is gone or was used meanwhile. Move "
                          "it away, or run the command again.",
                          store.string()));
}

Status put_in_place(const Config& config, const RestoreOptions& options, const std::filesystem::path& copy,
                    const std::filesystem::path& store, bool replaces) {
  {
    TRY_ASSIGN(const auto lock, StoreLock::acquire(store));
    TRY(check_closed(store));
    TRY(sync_file(copy));
    TRY(replaces ? exchange(copy, store) : publish_file(copy, store));
    TRY(lock->mark_clean());
  }
  const std::filesystem::path before = with_suffix(store, ".before-restore");
  if (replaces && std::rename(copy.c_str(), before.c_str()) != 0) return fail(file_error("renamed", copy, errno));
  Result<OpenedStore> opened = open_store_file(config, {store, false, options.key_file});
  if (opened) {
    if (replaces) remove_database(before);
    return sync_folder_of(store);
  }
  if (replaces) TRY(exchange(before, store));
  remove_database(replaces ? before : store);
  return fail(opened.error());
}

// A backup does not have the log. Without the one that its key has signed, going on would sign a second history.
Status settle_audit_log(const Config& config, const RestoreOptions& options) {
  TRY_ASSIGN(OpenedStore opened,
             open_store_file(config, {DataFolder{config.server.data_dir}.store(), false, options.key_file}));
  TRY_ASSIGN(const bool has_log, has_its_audit_log(config, opened));
  if (has_log) return {};
  TRY(begin_audit_log(config, opened, "RestartAuditLog", {{"reason", "restored from a backup"}}));
  return {};
}

}  // namespace

Result<Restored> restore_store(const Config& config, const RestoreOptions& options) {
  const DataFolder folder{config.server.data_dir};
  const std::filesystem::path store = folder.store();
  const std::filesystem::path before = with_suffix(store, ".before-restore");
  TRY(check_source(options.from, store));
  const bool replaces = is_there(store);
  if (replaces && !options.replace) {
    return fail(
        ErrorCode::kAlreadyExists,
        fmt::format("There is a store {}. --force replaces it by the backup: what was changed or made since the "
                    "backup is lost then.",
                    store.string()));
  }
  if (is_there(before)) {
    return fail(ErrorCode::kConflict, fmt::format("An earlier restore was cut short: {} is the store from before it. "
                                                  "Move it away once the present store is known to be right.",
                                                  before.string()));
  }
  TRY(make_private_folder(folder.store_folder()));

  std::optional<OpenedStore> present;  // holds the lock while the copy is made
  Present knowledge;
  if (replaces) {
    Result<OpenedStore> opened = open_store(config);
    if (!opened) {
      return fail(opened.error().code,
                  fmt::format("The present store must be read first, because what was destroyed in it must stay "
                              "destroyed. {} If it is beyond repair, move it away and restore without it.",
                              opened.error().message));
    }
    present = *std::move(opened);
    TRY_ASSIGN(knowledge, look_at_present(*present));
  }
  const WorkingCopy copy{with_suffix(store, ".restoring")};
  remove_database(copy.file);  // of a restore that was cut short
  TRY(copy_privately(options.from, copy.file));
  const std::string present_id = present ? present->meta.store_id : "";
  TRY_ASSIGN(Restored restored, prepare(config, options, copy.file, present_id, std::move(knowledge)));
  present.reset();
  // Who restores means the backup's store from here on, whichever lay here before.
  TRY(write_store_id(config, restored.store_id));
  TRY(put_in_place(config, options, copy.file, store, replaces));
  TRY(settle_audit_log(config, options));
  return restored;
}

}  // namespace kagimori
