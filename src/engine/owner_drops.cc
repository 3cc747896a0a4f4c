#include "engine/owner_drops.h"

#include <algorithm>

namespace kagimori {

void OwnerDrops::drop(std::string_view unique_id) {
  ++latest_;
  if (changed_.size() >= kMaxOwners) {
    changed_.clear();
    all_before_ = latest_;
  }
  changed_.insert_or_assign(std::string(unique_id), latest_);
}

bool OwnerDrops::holds(const std::vector<std::string>& owners, std::uint64_t& seen) const {
  if (seen == latest_) return true;
  if (seen < all_before_) return false;
  const bool unchanged = std::none_of(owners.begin(), owners.end(), [&](const std::string& owner) {
    const auto found = changed_.find(owner);
    return found != changed_.end() && found->second > seen;
  });
  if (unchanged) seen = latest_;
  return unchanged;
}

}  // namespace kagimori
