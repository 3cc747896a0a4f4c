#include "seal/epoch_cache.h"

#include <algorithm>
#include <vector>

namespace kagimori {

std::shared_ptr<Epoch> EpochCache::current(std::uint64_t account) const {
  const std::shared_lock lock(mutex_);
  const auto found = current_.find(account);
  if (found == current_.end()) return nullptr;
  found->second->touch(tick_);
  return found->second;
}

std::shared_ptr<Epoch> EpochCache::find(const EpochName& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = epochs_.find(name);
  if (found == epochs_.end()) return nullptr;
  found->second->touch(tick_);
  return found->second;
}

std::shared_ptr<Epoch> EpochCache::insert(const std::shared_ptr<Epoch>& epoch) {
  const std::unique_lock lock(mutex_);
  return insert_locked(epoch);
}

std::shared_ptr<Epoch> EpochCache::insert_current(const std::shared_ptr<Epoch>& epoch) {
  const std::unique_lock lock(mutex_);
  std::shared_ptr<Epoch> kept = insert_locked(epoch);
  current_[kept->name().account] = kept;
  return kept;
}

void EpochCache::erase(const EpochName& name) {
  const std::unique_lock lock(mutex_);
  epochs_.erase(name);
  const auto current = current_.find(name.account);
  if (current != current_.end() && current->second->name() == name) current_.erase(current);
}

void EpochCache::forget_current(std::uint64_t account) {
  const std::unique_lock lock(mutex_);
  current_.erase(account);
}

std::shared_ptr<Epoch> EpochCache::insert_locked(const std::shared_ptr<Epoch>& epoch) {
  if (epochs_.size() >= capacity_) make_room();
  ++tick_;
  const auto [place, is_new] = epochs_.try_emplace(epoch->name(), epoch);
  place->second->touch(tick_);
  return place->second;
}

// A quarter at a time, so that the walk over all of them is rare.
void EpochCache::make_room() {
  std::vector<std::uint64_t> ticks;
  ticks.reserve(epochs_.size());
  for (const auto& [name, epoch] : epochs_) ticks.push_back(epoch->last_tick());
  const auto limit = ticks.begin() + static_cast<std::ptrdiff_t>(ticks.size() / 4);
  std::nth_element(ticks.begin(), limit, ticks.end());
  const auto is_old = [oldest_kept = *limit](const auto& entry) { return entry.second->last_tick() <= oldest_kept; };
  std::erase_if(current_, is_old);
  std::erase_if(epochs_, is_old);
}

}  // namespace kagimori
