#include "engine/worker_cache.h"

namespace kagimori {

CacheEntry* WorkerCache::find(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front();
}

CacheEntry* WorkerCache::insert(CacheEntry entry) {
  erase(entry.name);
  while (entries_.size() >= capacity_) {
    by_name_.erase(entries_.back().name);
    entries_.pop_back();
  }
  entries_.push_front(std::move(entry));
  by_name_.emplace(entries_.front().name, entries_.begin());
  return &entries_.front();
}

void WorkerCache::erase(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  const auto entry = found->second;
  by_name_.erase(found);
  entries_.erase(entry);
}

void WorkerCache::clear() {
  by_name_.clear();
  entries_.clear();
}

}  // namespace kagimori
