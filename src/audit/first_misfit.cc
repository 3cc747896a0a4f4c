#include "audit/first_misfit.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "audit/log_reader.h"
#include "audit/tiles.h"

namespace kagimori::audit {
namespace {

// How far a line is looked for that has moved.
constexpr std::size_t kWindow = 4 * kTileWidth;

// The tiles that lead to the checkpoint's root.
class AuthenticTiles {
 public:
  AuthenticTiles(CryptoContext& crypto, const LogFolder& folder, const Checkpoint& checkpoint)
      : crypto_(crypto), tiles_(crypto, folder.path, checkpoint.size) {
    const Result<Hash> root = tree_root(crypto, tiles_.source(), checkpoint.size);
    is_edge_authentic_ = root && *root == checkpoint.root;
  }

  // Null when the tile is missing or forged.
  const std::vector<Hash>* tile(unsigned level, std::uint64_t index) {
    const auto known = known_.find({level, index});
    if (known != known_.end()) return known->second ? &*known->second : nullptr;
    std::optional<std::vector<Hash>>& entry = known_[{level, index}];
    Result<std::vector<Hash>> read = tiles_.tile(level, index);
    if (read && is_authentic(level, index, *read)) entry = *std::move(read);
    return entry ? &*entry : nullptr;
  }

 private:
  bool is_authentic(unsigned level, std::uint64_t index, const std::vector<Hash>& hashes) {
    if (hashes.size() < kTileWidth) return is_edge_authentic_;
    const std::vector<Hash>* const above = tile(level + 1, index / kTileWidth);
    return above != nullptr && (*above)[index % kTileWidth] == subtree_root(crypto_, hashes);
  }

  CryptoContext& crypto_;
  TileReader tiles_;
  bool is_edge_authentic_ = false;
  std::map<std::pair<unsigned, std::uint64_t>, std::optional<std::vector<Hash>>> known_;
};

std::string text_of(std::uint64_t count, std::string_view what) {
  return fmt::format("{} event{} {}", count, count == 1 ? "" : "s", what);
}

class Search {
 public:
  Search(CryptoContext& crypto, LogReader reader, AuthenticTiles tiles, std::uint64_t size)
      : crypto_(crypto), reader_(std::move(reader)), tiles_(std::move(tiles)), size_(size) {}

  Result<Finding> run() {
    const std::uint64_t first = reader_.first();
    for (std::uint64_t block = first / kTileWidth; block * kTileWidth < size_; ++block) {
      const std::uint64_t begin = block * kTileWidth;
      const auto width = static_cast<std::size_t>(std::min(kTileWidth, size_ - begin));
      TRY(look_ahead(width));
      const std::vector<Hash>* const expected = tiles_.tile(0, block);
      if (expected == nullptr) {
        if (leads_above(block, width)) {
          drop(width);
          continue;
        }
        return unproved(begin, width);
      }
      for (std::size_t i = 0; i < width; ++i) {
        if (lines_.empty() || lines_.front() != (*expected)[i]) return describe(begin + i);
        lines_.pop_front();
      }
    }
    return Finding{Defect::kCheckpoint, std::nullopt,
                   "The checkpoint does not fit the events, though each of them fits its hash."};
  }

 private:
  Status look_ahead(std::size_t count) {
    while (lines_.size() < count) {
      TRY_ASSIGN(const auto line, reader_.next());
      if (!line) break;
      lines_.push_back(leaf_hash(crypto_, as_bytes(line->text)));
    }
    return {};
  }

  void drop(std::size_t count) { lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(count)); }

  // The tile of these lines is no good, but the one above it says that the lines are.
  bool leads_above(std::uint64_t block, std::size_t width) {
    if (width < kTileWidth || lines_.size() < width) return false;
    const std::vector<Hash>* const above = tiles_.tile(1, block / kTileWidth);
    const std::vector<Hash> hashes(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(width));
    return above != nullptr && (*above)[block % kTileWidth] == subtree_root(crypto_, hashes);
  }

  static Finding unproved(std::uint64_t begin, std::size_t width) {
    return {Defect::kChanged, begin,
            fmt::format("One of the events {} to {} was changed, removed, inserted or reordered; which one can't be "
                        "told, because their hashes were changed as well.",
                        begin, begin + width - 1)};
  }

  // What became of the event that should be at this index.
  Result<Finding> describe(std::uint64_t index) {
    TRY(look_ahead(kWindow));
    const std::vector<Hash> expected = expected_from(index);
    if (lines_.empty()) {
      return Finding{
          Defect::kRemoved, index,
          fmt::format("The log ends before event {}: {}.", index, text_of(size_ - index, "at its end removed"))};
    }
    const auto own = std::ranges::find(lines_, expected.front());
    const auto other = std::ranges::find(expected, lines_.front());
    const bool is_later = own != lines_.end(), is_earlier = other != expected.end();
    if (is_later && is_earlier) {
      return Finding{Defect::kReordered, index, fmt::format("From event {} on the order was changed.", index)};
    }
    if (is_later) {
      return Finding{Defect::kInserted, index,
                     fmt::format("At event {} there is what never was there: {}.", index,
                                 text_of(static_cast<std::uint64_t>(own - lines_.begin()), "inserted"))};
    }
    if (is_earlier) return removed(index, static_cast<std::uint64_t>(other - expected.begin()));
    const auto& misfit = reader_.misfit();
    if (misfit && misfit->counted == index) return removed(index, misfit->named - misfit->counted);
    return Finding{Defect::kChanged, index, fmt::format("Event {} was changed.", index)};
  }

  static Finding removed(std::uint64_t index, std::uint64_t count) {
    return {Defect::kRemoved, index, fmt::format("From event {} on: {}.", index, text_of(count, "removed"))};
  }

  std::vector<Hash> expected_from(std::uint64_t index) {
    std::vector<Hash> hashes;
    for (std::uint64_t block = index / kTileWidth; block * kTileWidth < size_ && hashes.size() < kWindow; ++block) {
      const std::vector<Hash>* const tile = tiles_.tile(0, block);
      if (tile == nullptr) break;
      const std::uint64_t skipped = block == index / kTileWidth ? index % kTileWidth : 0;
      hashes.insert(hashes.end(), tile->begin() + static_cast<std::ptrdiff_t>(skipped), tile->end());
    }
    return hashes;
  }

  CryptoContext& crypto_;
  LogReader reader_;
  AuthenticTiles tiles_;
  const std::uint64_t size_;
  std::deque<Hash> lines_;  // that come next
};

}  // namespace

Result<Finding> first_misfit(CryptoContext& crypto, const LogFolder& folder, const Checkpoint& checkpoint) {
  TRY_ASSIGN(LogReader reader, LogReader::open(folder));
  return Search(crypto, std::move(reader), AuthenticTiles(crypto, folder, checkpoint), checkpoint.size).run();
}

}  // namespace kagimori::audit
