#include "audit/tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "audit/checkpoint.h"
#include "audit/log_files.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kHashSize = sizeof(Hash);
constexpr std::size_t kCachedTiles = 64;

ByteView as_tile(std::span<const Hash> hashes) {
  return {reinterpret_cast<const std::uint8_t*>(hashes.data()), hashes.size_bytes()};
}

std::vector<Hash> hashes_of(std::string_view bytes, std::uint64_t width) {
  std::vector<Hash> hashes(width);
  std::ranges::copy(as_bytes(bytes).first(width * kHashSize), reinterpret_cast<std::uint8_t*>(hashes.data()));
  return hashes;
}

std::filesystem::path partial_folder(const std::filesystem::path& folder, unsigned level, std::uint64_t index) {
  return folder / (tile_path(level, index, kTileWidth) + ".p");
}

}  // namespace

std::string tile_path(unsigned level, std::uint64_t index, std::uint64_t width) {
  std::string digits = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) digits = fmt::format("x{:03}/{}", index % 1000, digits);
  std::string path = fmt::format("tile/{}/{}", level, digits);
  if (width < kTileWidth) path += fmt::format(".p/{}", width);
  return path;
}

Result<std::vector<Hash>> TileReader::tile(unsigned level, std::uint64_t index) {
  if (const auto known = cache_.find({level, index}); known != cache_.end()) return known->second;
  const std::uint64_t nodes = level > kMaxTileLevel ? 0 : size_ >> (level * kTileHeight);
  if (index >= nodes / kTileWidth + 1 || index * kTileWidth >= nodes) {
    return fail(ErrorCode::kValidation, "The tree has no such tile.");
  }
  const std::uint64_t width = std::min(kTileWidth, nodes - index * kTileWidth);
  Result<std::string> bytes = read_log_file(folder_ / tile_path(level, index, width), kTileWidth * kHashSize);
  if (!bytes && width < kTileWidth) bytes = read_wider(level, index, width);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return fail(ErrorCode::kCorrupt, bytes.error().message);
  if (!bytes) return fail(bytes.error());
  if (bytes->size() < width * kHashSize) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("The tile {} is too short.", (folder_ / tile_path(level, index, width)).string()));
  }
  if (cache_.size() >= kCachedTiles) cache_.clear();
  return cache_.emplace(std::pair(level, index), hashes_of(*bytes, width)).first->second;
}

// A partial tile may be gone once a fuller one is there.
Result<std::string> TileReader::read_wider(unsigned level, std::uint64_t index, std::uint64_t width) {
  std::uint64_t widest = kTileWidth;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(partial_folder(folder_, level, index), none)) {
    const std::uint64_t found = parse_size(entry.path().filename().string()).value_or(0);
    if (found > width) widest = std::min(widest, found);
  }
  return read_log_file(folder_ / tile_path(level, index, widest), kTileWidth * kHashSize);
}

Result<Hash> TileReader::node(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / kTileHeight;
  const std::uint64_t count = std::uint64_t{1} << (level % kTileHeight);  // hashes of the tile that it is the root of
  const std::uint64_t first = index * count;
  TRY_ASSIGN(const std::vector<Hash> hashes, tile(tile_level, first / kTileWidth));
  const std::uint64_t begin = first % kTileWidth;
  if (begin + count > hashes.size()) return fail(ErrorCode::kValidation, "The tree has no such subtree.");
  return subtree_root(crypto_, std::span(hashes).subspan(begin, count));
}

Status TileWriter::resume(CryptoContext& crypto, std::uint64_t size) {
  if (size % kTileWidth != 0) return fail(ErrorCode::kValidation, "A tree is resumed at a full tile.");
  TileReader reader(crypto, folder_, size);
  for (unsigned level = 0; level <= kMaxTileLevel; ++level) {
    const std::uint64_t nodes = size >> (level * kTileHeight);
    levels_[level] = {nodes / kTileWidth, {}, 0};
    // The right edge is made from the full tiles below it, which were durable before the segment was begun.
    for (std::uint64_t node = nodes - nodes % kTileWidth; node < nodes; ++node) {
      TRY_ASSIGN(const std::vector<Hash> below, reader.tile(level - 1, node));
      levels_[level].hashes.push_back(subtree_root(crypto, below));
    }
  }
  size_ = size;
  return {};
}

void TileWriter::append(CryptoContext& crypto, const Hash& leaf) {
  ++size_;
  Hash hash = leaf;
  for (unsigned level = 0; level <= kMaxTileLevel; ++level) {
    Level& at = levels_[level];
    at.hashes.push_back(hash);
    if (at.hashes.size() < kTileWidth) return;
    hash = subtree_root(crypto, at.hashes);
    unwritten_.push_back({level, at.full++, std::move(at.hashes)});
    at.hashes.clear();
    at.written = 0;
  }
}

Status TileWriter::write() {
  while (!unwritten_.empty()) {
    // From the end, and any order will do: nothing reads them before all are there.
    TRY(write_full(unwritten_.back()));
    unwritten_.pop_back();
  }
  for (unsigned level = 0; level <= kMaxTileLevel; ++level) TRY(write_partial(level));
  return {};
}

Status TileWriter::write_full(const FullTile& tile) {
  TRY(replace_log_file(folder_ / tile_path(tile.level, tile.index, kTileWidth), as_tile(tile.hashes), Durable::kNo));
  std::error_code ignored;  // what is left over does no harm
  std::filesystem::remove_all(partial_folder(folder_, tile.level, tile.index), ignored);
  return {};
}

Status TileWriter::write_partial(unsigned level) {
  Level& at = levels_[level];
  if (at.hashes.empty() || at.written == at.hashes.size()) return {};
  TRY(replace_log_file(folder_ / tile_path(level, at.full, at.hashes.size()), as_tile(at.hashes), Durable::kNo));
  at.written = at.hashes.size();
  return {};
}

Hash TileWriter::root(CryptoContext& crypto) const {
  std::optional<Hash> root;  // of what is right of the hashes that were looked at last
  for (const Level& level : levels_) {
    std::span<const Hash> rest(level.hashes);
    while (!rest.empty()) {
      const std::size_t count = rest.size() & (~rest.size() + 1);  // the last whole subtree: the lowest bit
      const Hash hash = subtree_root(crypto, rest.last(count));
      root = root ? node_hash(crypto, hash, *root) : hash;
      rest = rest.first(rest.size() - count);
    }
  }
  return root ? *root : empty_root(crypto);
}

}  // namespace kagimori::audit
