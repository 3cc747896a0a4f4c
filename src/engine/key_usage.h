#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/trail.h"
#include "model/key_usage.h"

namespace kagimori {

// Who has used which version of which key, and when each key was last used (GetKeyLastUsage, AWS KMS API reference):
// noted on the workers in memory, gathered and stored by the sweeper, and gathered at once when somebody asks. What the
// workers had noted since it was last stored is lost at a crash; the audit log has it.

// Whether successful calls of the operation count as a use of its keys (KeyLastUsageTrackingOperation).
bool counts_as_use(std::string_view operation);

// Whose uses are counted together. The order is that of the records in the store.
struct UsageKey {
  RowId row;
  std::uint32_t version = 1;
  std::string principal;
  auto operator<=>(const UsageKey&) const = default;
};
UsageKey usage_key(const KeyUseCount& count);

struct KeyUses {
  std::map<RowId, KeyLastUsage> last;
  std::map<UsageKey, KeyUseCount> counts;

  bool empty() const { return last.empty() && counts.empty(); }
};

// One request that used keys.
struct UseNote {
  std::string_view operation;
  std::string_view principal, arn;  // as in KeyUseCount
  Timestamp when;
  std::string_view event_id, request_id;
};

// What one worker has noted; belongs to its thread until it is taken.
class WorkerUsages {
 private:
  struct View {
    const RowId& row;
    std::uint32_t version;
    std::string_view principal;
  };
  static View view(const UsageKey& key) { return {key.row, key.version, key.principal}; }
  static View view(const View& key) { return key; }
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& key) const { return hash(view(key)); }
    std::size_t operator()(const RowId& row) const;
    static std::size_t hash(const View& key);
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return same(view(a), view(b)); }
    static bool same(const View& a, const View& b) {
      return a.row == b.row && a.version == b.version && a.principal == b.principal;
    }
  };

 public:
  struct Noted {
    std::unordered_map<RowId, KeyLastUsage, Hash> last;
    std::unordered_map<UsageKey, KeyUseCount, Hash, Equal> counts;
  };
  void note(const UsedKey& key, const UseNote& use);
  std::size_t size() const { return noted_.counts.size(); }
  Noted take() { return std::exchange(noted_, {}); }

 private:
  void note_last(const UsedKey& key, const UseNote& use);
  void count(const UsedKey& key, const UseNote& use);

  Noted noted_;
};

// What has been gathered and is not stored yet. Any thread; for a worker's, add() only, which takes no longer the more
// there is.
class GatheredUsages {
 public:
  // Beyond this many counts, what is not known yet is forgotten: the store can't be written, or not fast enough.
  static constexpr std::size_t kMaxCounts = 200'000;

  // How many counts there may be.
  std::size_t add(WorkerUsages::Noted noted);
  std::size_t size() const;
  std::uint64_t forgotten() const;  // uses

  // What `view_revision`'s view of the store does not have of a key. kStale when more than that was stored meanwhile:
  // then another view is needed.
  Result<KeyUses> beside(std::uint64_t view_revision, const RowId& row);

  // Takes at most `count` of each, and has `save` store them; what is not stored stays. `save` returns the store's
  // revision. False when there was nothing.
  using Save = std::function<Result<std::uint64_t>(const KeyUses&)>;
  Result<bool> save_some(std::size_t count, const Save& save);

 private:
  void merge_noted();
  void merge(WorkerUsages::Noted noted);

  mutable std::mutex noted_mutex_;
  std::vector<WorkerUsages::Noted> noted_;
  std::size_t noted_counts_ = 0, merged_counts_ = 0;
  std::uint64_t forgotten_ = 0;

  std::mutex mutex_;  // taken before noted_mutex_; held while what was taken is in neither place
  KeyUses uses_;
  std::uint64_t saved_revision_ = 0;
};

// Asked by transactions for what the store does not have yet.
class KeyUsageSource {
 public:
  virtual ~KeyUsageSource() = default;
  virtual Result<KeyUses> recent_uses(std::uint64_t view_revision, const RowId& row) = 0;
};

}  // namespace kagimori
