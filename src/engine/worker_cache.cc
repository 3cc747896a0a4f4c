#include "engine/worker_cache.h"

#include <iterator>

namespace kagimori {

std::size_t CacheEntry::secret_bytes() const {
  constexpr std::size_t kIdentity = 64 + 4 * 32;  // the secret access key, and signing keys
  if (identity != nullptr) return kIdentity;
  if (key_store != nullptr) return key_store->secret.size();
  if (key == nullptr) return 0;
  std::size_t bytes = 0;
  for (const VersionSnapshot& version : key->versions) bytes += version.material.size() + version.import_secret.size();
  return bytes;
}

void CacheEntry::supersede() const {
  if (identity != nullptr) identity->superseded.set();
  if (key != nullptr) key->superseded.set();
  if (key_store != nullptr) key_store->superseded.set();
}

CacheEntry* WorkerCache::find(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  const auto entry = found->second;
  if (!entry->is_absence()) entries_.splice(entries_.begin(), entries_, entry);
  return &*entry;
}

CacheEntry* WorkerCache::insert(CacheEntry entry) {
  erase(entry.name);
  const std::size_t more = entry.secret_bytes();
  while (entries_.size() >= capacity_) drop(std::prev(entries_.end()));
  while (entries_.size() >= kFew && secret_bytes_ + more > secret_capacity_) drop(std::prev(entries_.end()));
  secret_bytes_ += more;
  const auto place = entries_.insert(entry.is_absence() ? entries_.end() : entries_.begin(), std::move(entry));
  by_name_.emplace(place->name, place);
  return &*place;
}

void WorkerCache::drop(std::list<CacheEntry>::iterator entry) {
  secret_bytes_ -= entry->secret_bytes();
  by_name_.erase(entry->name);
  entries_.erase(entry);
}

void WorkerCache::erase(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  drop(found->second);
}

void WorkerCache::clear() {
  by_name_.clear();
  entries_.clear();
  secret_bytes_ = 0;
}

}  // namespace kagimori
