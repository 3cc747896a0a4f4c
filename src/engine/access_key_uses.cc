#include "engine/access_key_uses.h"

namespace kagimori {
namespace {

constexpr std::int64_t kSeconds = 60;

}  // namespace

void AccessKeyUses::note(CacheEntry& entry, Timestamp now, std::string_view service, std::string_view region) {
  if (entry.use_service == service && now < entry.use_noted.plus_seconds(kSeconds)) return;
  entry.use_service = service;
  entry.use_noted = now;
  const std::string& id = entry.identity->access_key.access_key_id;
  const std::lock_guard lock(mutex_);
  uses_.insert_or_assign(id, AccessKeyUse{id, now, std::string(service), std::string(region)});
}

std::optional<AccessKeyUse> AccessKeyUses::find(std::string_view access_key_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = uses_.find(access_key_id);
  return found == uses_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<AccessKeyUse> AccessKeyUses::take(std::size_t limit) {
  std::vector<AccessKeyUse> taken;
  const std::lock_guard lock(mutex_);
  while (taken.size() < limit && !uses_.empty()) {
    taken.push_back(std::move(uses_.begin()->second));
    uses_.erase(uses_.begin());
  }
  return taken;
}

void AccessKeyUses::put_back(const AccessKeyUse& use) {
  const std::lock_guard lock(mutex_);
  uses_.try_emplace(use.access_key_id, use);
}

}  // namespace kagimori
