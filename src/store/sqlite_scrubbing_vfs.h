#pragma once

#include <cstdint>
#include <span>

namespace kagimori {

// Closes a hole in SQLite's secure_delete. That setting overwrites a deleted cell where it lies; but when a b-tree page
// is rebuilt, the copies of cells that moved within it or to another page stay behind, in the unused middle of the
// page (3.40, btree.c, rebuildPage). If such a cell is deleted later, its copy survives in the file. So every page that
// is written to a database file through this layer has its unused middle filled with zeros on the way. The write-ahead
// log isn't changed: it is cut to nothing when a value must be gone.

// The page size of every store. Pages of another size are not touched.
inline constexpr std::size_t kSqlitePageSize = 4096;
// More pages (128 GiB) would let the first byte of a page that is no b-tree page look like one.
inline constexpr std::uint32_t kSqliteMaxPages = 0x01ffffff;

// Registers the layer over SQLite's default VFS, once a process, and gives the name to open connections with. Any
// thread. Null when SQLite has no VFS.
const char* register_scrubbing_vfs();

// Fills what lies between the cell pointers and the cells of a b-tree page with zeros (SQLite file format, "B-tree
// Pages"). Leaves alone what is not a well-formed b-tree page. `header` is 100 on the first page of a file, else 0.
void clear_unused_middle(std::span<std::uint8_t> page, std::size_t header);

}  // namespace kagimori
