#pragma once

#include <atomic>
#include <cstdint>

namespace kagimori {

enum class Fault : std::uint8_t { kNone, kDiskFull, kWriteFails, kTornWrite, kSyncFails };
enum class FaultyFile : std::uint8_t { kDatabase, kLog };

// A disk that fails on demand, under every connection of the test binary (a layer over SQLite's default VFS, made the
// default before main). Passes everything through until a test arms it; any thread.
class FaultyDisk {
 public:
  // The `nth` write (kSyncFails: sync) of such a file from now on fails, and all that follow, until heal().
  // kTornWrite writes half of it.
  static void arm(Fault fault, FaultyFile file, int nth);
  static void heal();
  // Syncs of such files since the process began.
  static int syncs(FaultyFile file);
};

}  // namespace kagimori
