#pragma once

#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "seal/epoch.h"

namespace kagimori {

// The epochs that are in memory: at most `capacity`, the ones used longest ago go first. Any thread.
class EpochCache {
 public:
  explicit EpochCache(std::size_t capacity) : capacity_(capacity) {}

  // Null when it is not here.
  std::shared_ptr<Epoch> current(std::uint64_t account) const;
  std::shared_ptr<Epoch> find(const EpochName& name) const;

  // An epoch of this name that is here already stays (it knows its uses); the one to use is returned.
  std::shared_ptr<Epoch> insert(const std::shared_ptr<Epoch>& epoch);
  // Also makes it its account's current epoch.
  std::shared_ptr<Epoch> insert_current(const std::shared_ptr<Epoch>& epoch);
  void erase(const EpochName& name);
  // The next call of current() finds nothing, until insert_current().
  void forget_current(std::uint64_t account);

 private:
  struct NameHash {
    std::size_t operator()(const EpochName& name) const {
      return std::hash<std::uint64_t>{}(name.account * 0x9e3779b97f4a7c15u + name.number);
    }
  };

  void make_room();  // with mutex_ held
  std::shared_ptr<Epoch> insert_locked(const std::shared_ptr<Epoch>& epoch);

  const std::size_t capacity_;
  mutable std::shared_mutex mutex_;
  std::uint64_t tick_ = 0;                                                  // guarded by mutex_
  std::unordered_map<EpochName, std::shared_ptr<Epoch>, NameHash> epochs_;  // guarded by mutex_
  std::unordered_map<std::uint64_t, std::shared_ptr<Epoch>> current_;       // guarded by mutex_; subset of epochs_
};

}  // namespace kagimori
