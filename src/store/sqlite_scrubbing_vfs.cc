#include "store/sqlite_scrubbing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kagimori {
namespace {

constexpr std::size_t kFileHeaderSize = 100;

// An open database file: this, then the file of the layer below, in memory that SQLite gives and aligns to 8 bytes.
struct ScrubbedFile {
  sqlite3_file base;
  alignas(sqlite3_int64) char below[1];
};

sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<ScrubbedFile*>(file)->below);
}
const sqlite3_io_methods& methods_below(sqlite3_file* file) { return *below(file)->pMethods; }

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (size != static_cast<int>(kSqlitePageSize)) return methods_below(file).xWrite(below(file), data, size, offset);
  std::array<std::uint8_t, kSqlitePageSize> page;
  std::memcpy(page.data(), data, page.size());
  clear_unused_middle(page, offset == 0 ? kFileHeaderSize : 0);
  return methods_below(file).xWrite(below(file), page.data(), size, offset);
}

// The rest of a file's methods as they are. Version 2: no memory-mapped pages, which would go around write().
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return methods_below(f).xClose(below(f)); },
    .xRead = [](sqlite3_file* f, void* data, int size,
                sqlite3_int64 offset) { return methods_below(f).xRead(below(f), data, size, offset); },
    .xWrite = write,
    .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return methods_below(f).xTruncate(below(f), size); },
    .xSync = [](sqlite3_file* f, int flags) { return methods_below(f).xSync(below(f), flags); },
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

sqlite3_vfs* vfs_below(sqlite3_vfs* vfs);

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* base = vfs_below(vfs);
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return base->xOpen(base, name, file, flags, out_flags);
  file->pMethods = nullptr;  // nothing to close if the layer below fails
  const int code = base->xOpen(base, name, below(file), flags, out_flags);
  if (below(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

// All other methods are those of the layer below, which get its own data with the copy.
struct ScrubbingVfs {
  sqlite3_vfs vfs = {};
  sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
  bool registered = false;

  ScrubbingVfs() {
    if (base == nullptr) return;
    vfs = *base;
    vfs.pNext = nullptr;
    vfs.zName = "kagimori";
    vfs.szOsFile = base->szOsFile + static_cast<int>(sizeof(ScrubbedFile));
    vfs.xOpen = open;
    registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }
};
static_assert(std::is_standard_layout_v<ScrubbingVfs>);

sqlite3_vfs* vfs_below(sqlite3_vfs* vfs) { return reinterpret_cast<ScrubbingVfs*>(vfs)->base; }

std::size_t read_u16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

}  // namespace

const char* register_scrubbing_vfs() {
  static ScrubbingVfs layer;  // SQLite keeps a pointer to it for the life of the process
  return layer.registered ? layer.vfs.zName : nullptr;
}

void clear_unused_middle(std::span<std::uint8_t> page, std::size_t header) {
  if (page.size() < header + 12) return;
  const std::uint8_t type = page[header];
  const bool leaf = type == 0x0a || type == 0x0d;
  if (!leaf && type != 0x02 && type != 0x05) return;
  const std::size_t cells = read_u16(page, header + 3);
  const std::size_t content = read_u16(page, header + 5);
  const std::size_t begin = header + (leaf ? 8 : 12) + 2 * cells;
  const std::size_t end = content == 0 ? 65536 : content;
  if (begin > end || end > page.size()) return;
  std::ranges::fill(page.subspan(begin, end - begin), std::uint8_t{0});
}

}  // namespace kagimori
