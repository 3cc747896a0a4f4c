#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "audit/merkle.h"

namespace kagimori::audit {

// The hashes of the tree as they lie beside the log: C2SP tlog-tiles, without the entry bundles, whose place the
// segments take. A tile of level L holds 256 hashes of subtrees of 256^L leaves, or fewer at the right edge.
inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;  // levels of the tree in one tile
inline constexpr unsigned kMaxTileLevel = 6;

// "tile/0/x001/x234/067", with ".p/5" behind it for a partial tile of 5 hashes; `width` 256 for a full one.
std::string tile_path(unsigned level, std::uint64_t index, std::uint64_t width);

// Reads the tiles of a tree of a size that a checkpoint has. One thread.
class TileReader {
 public:
  TileReader(CryptoContext& crypto, std::filesystem::path folder, std::uint64_t size)
      : crypto_(crypto), folder_(std::move(folder)), size_(size) {}

  // The hashes of a tile, as many as the tree has. kCorrupt names the file that is missing or too short.
  Result<std::vector<Hash>> tile(unsigned level, std::uint64_t index);
  // The root of the subtree of 2^level leaves, for merkle.h. kValidation when it is not whole in this tree.
  Result<Hash> node(unsigned level, std::uint64_t index);
  NodeSource source() {
    return [this](unsigned level, std::uint64_t index) { return node(level, index); };
  }
  std::uint64_t size() const { return size_; }

 private:
  Result<std::string> read_wider(unsigned level, std::uint64_t index, std::uint64_t width);

  CryptoContext& crypto_;
  const std::filesystem::path folder_;
  const std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<Hash>> cache_;  // the tiles read last
};

// Builds the tree leaf by leaf and writes its tiles. One thread.
class TileWriter {
 public:
  explicit TileWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Goes on at a size that is a multiple of 256, from the full tiles below it.
  Status resume(CryptoContext& crypto, std::uint64_t size);
  void append(CryptoContext& crypto, const Hash& leaf);
  // Writes what is not in files yet: full tiles, and a partial one at the right edge of each level. What could not be
  // written is tried again by the next call.
  Status write();

  std::uint64_t size() const { return size_; }
  Hash root(CryptoContext& crypto) const;

 private:
  struct Level {
    std::uint64_t full = 0;     // tiles
    std::vector<Hash> hashes;   // of the tile at the right edge
    std::uint64_t written = 0;  // hashes of it that lie in a partial tile
  };
  struct FullTile {
    unsigned level;
    std::uint64_t index;
    std::vector<Hash> hashes;
  };
  Status write_partial(unsigned level);
  Status write_full(const FullTile& tile);

  const std::filesystem::path folder_;
  std::uint64_t size_ = 0;
  std::array<Level, kMaxTileLevel + 1> levels_;
  std::vector<FullTile> unwritten_;
};

}  // namespace kagimori::audit
