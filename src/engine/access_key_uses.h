#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/worker_cache.h"
#include "model/identity.h"

namespace kagimori {

// When access keys were last used, to the minute: what the store does not know yet. Workers tell it at most once a
// minute for each key and service; the sweeper writes it back once a minute and at the end. What was not written is
// lost with a crash. Any thread.
class AccessKeyUses {
 public:
  // A request of the holder of `entry` was let in. On the worker's own thread.
  void note(CacheEntry& entry, Timestamp now, std::string_view service, std::string_view region);
  std::optional<AccessKeyUse> find(std::string_view access_key_id) const;
  // Up to `limit` of them, which are forgotten here; put_back() where they could not be stored.
  std::vector<AccessKeyUse> take(std::size_t limit);
  void put_back(const AccessKeyUse& use);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, AccessKeyUse, std::less<>> uses_;  // guarded by mutex_
};

}  // namespace kagimori
