#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trail.h"
#include "model/key.h"

namespace kagimori {

// The last use of each key (GetKeyLastUsage, AWS KMS API reference): noted on the workers in memory, gathered and
// stored by the sweeper, and gathered at once when somebody asks. What the workers had noted since the last sweep is
// lost at a crash.

using KeyUsages = std::map<RowId, KeyLastUsage>;

// Whether successful calls of the operation count as a use of its keys (KeyLastUsageTrackingOperation).
bool counts_as_use(std::string_view operation);

// What one worker has noted; belongs to its thread.
class WorkerUsages {
 public:
  void note(const UsedKey& key, std::string_view operation, Timestamp when, std::string_view event_id,
            std::string_view request_id);
  std::size_t size() const { return usages_.size(); }
  KeyUsages take();

 private:
  KeyUsages usages_;
};

// What has been gathered and is not stored yet. Any thread.
class GatheredUsages {
 public:
  void add(KeyUsages usages);
  std::optional<KeyLastUsage> find(const RowId& row) const;
  bool empty() const;
  // At most `count`; they stay until they are removed.
  std::vector<KeyLastUsage> some(std::size_t count) const;
  // Forgets those that have not been used again meanwhile.
  void remove(const std::vector<KeyLastUsage>& stored);

 private:
  mutable std::mutex mutex_;
  KeyUsages usages_;
};

// Asked by transactions for what the store does not have yet.
class KeyUsageSource {
 public:
  virtual ~KeyUsageSource() = default;
  virtual std::optional<KeyLastUsage> recent_usage(const RowId& row) = 0;
};

}  // namespace kagimori
