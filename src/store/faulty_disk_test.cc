#include "store/faulty_disk_test.h"

#include <sqlite3.h>

namespace kagimori {
namespace {

std::atomic<Fault> armed_fault{Fault::kNone};
std::atomic<FaultyFile> armed_file{FaultyFile::kLog};
std::atomic<int> calls_left{0};
std::atomic<int> sync_counts[2];

struct WatchedFile {
  sqlite3_file base;
  FaultyFile kind;
  alignas(sqlite3_int64) char below[1];
};
WatchedFile& watched(sqlite3_file* file) { return *reinterpret_cast<WatchedFile*>(file); }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(watched(file).below); }
const sqlite3_io_methods& methods_below(sqlite3_file* file) { return *below(file)->pMethods; }

bool strikes(sqlite3_file* file, bool sync) {
  const Fault fault = armed_fault;
  if (fault == Fault::kNone || armed_file != watched(file).kind || sync != (fault == Fault::kSyncFails)) return false;
  return calls_left.fetch_sub(1) <= 1;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (!strikes(file, false)) return methods_below(file).xWrite(below(file), data, size, offset);
  if (armed_fault == Fault::kTornWrite) methods_below(file).xWrite(below(file), data, size / 2, offset);
  return armed_fault == Fault::kDiskFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int sync(sqlite3_file* file, int flags) {
  ++sync_counts[static_cast<int>(watched(file).kind)];
  if (strikes(file, true)) return SQLITE_IOERR_FSYNC;
  return methods_below(file).xSync(below(file), flags);
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return methods_below(f).xClose(below(f)); },
    .xRead = [](sqlite3_file* f, void* data, int size,
                sqlite3_int64 offset) { return methods_below(f).xRead(below(f), data, size, offset); },
    .xWrite = write,
    .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return methods_below(f).xTruncate(below(f), size); },
    .xSync = sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return methods_below(f).xFileSize(below(f), size); },
    .xLock = [](sqlite3_file* f, int level) { return methods_below(f).xLock(below(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return methods_below(f).xUnlock(below(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return methods_below(f).xCheckReservedLock(below(f), out); },
    .xFileControl = [](sqlite3_file* f, int op, void* arg) { return methods_below(f).xFileControl(below(f), op, arg); },
    .xSectorSize = [](sqlite3_file* f) { return methods_below(f).xSectorSize(below(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return methods_below(f).xDeviceCharacteristics(below(f)); },
    .xShmMap = [](sqlite3_file* f, int region, int size, int extend,
                  void volatile** out) { return methods_below(f).xShmMap(below(f), region, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int n,
                   int flags) { return methods_below(f).xShmLock(below(f), offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { methods_below(f).xShmBarrier(below(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return methods_below(f).xShmUnmap(below(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs faulty_vfs;
sqlite3_vfs* real_vfs = nullptr;

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  if (!database && (flags & SQLITE_OPEN_WAL) == 0) return real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
  file->pMethods = nullptr;
  watched(file).kind = database ? FaultyFile::kDatabase : FaultyFile::kLog;
  const int code = real_vfs->xOpen(real_vfs, name, below(file), flags, out_flags);
  if (below(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

bool install() {
  real_vfs = sqlite3_vfs_find(nullptr);
  faulty_vfs = *real_vfs;
  faulty_vfs.pNext = nullptr;
  faulty_vfs.zName = "faulty";
  faulty_vfs.szOsFile = real_vfs->szOsFile + static_cast<int>(sizeof(WatchedFile));
  faulty_vfs.xOpen = open;
  return sqlite3_vfs_register(&faulty_vfs, 1) == SQLITE_OK;
}
[[maybe_unused]] const bool installed = install();

}  // namespace

void FaultyDisk::arm(Fault fault, FaultyFile file, int nth) {
  armed_file = file;
  calls_left = nth;
  armed_fault = fault;
}

void FaultyDisk::heal() { armed_fault = Fault::kNone; }

int FaultyDisk::syncs(FaultyFile file) { return sync_counts[static_cast<int>(file)]; }

}  // namespace kagimori
