#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kagimori {

// Which users, roles, groups and managed policies have changed since one worker cached the identities that depend on
// them: so a change of a role with thousands of live sessions costs one note a worker, and each session finds out when
// it is used next. One thread.
class OwnerDrops {
 public:
  void drop(std::string_view unique_id);
  // The number of the newest change.
  std::uint64_t latest() const { return latest_; }
  // Whether none of the owners has changed since `seen`, which then moves up to the newest change.
  bool holds(const std::vector<std::string>& owners, std::uint64_t& seen) const;

 private:
  // Beyond it everything that was cached before counts as changed.
  static constexpr std::size_t kMaxOwners = 100'000;

  std::uint64_t latest_ = 0;
  std::uint64_t all_before_ = 0;
  std::unordered_map<std::string, std::uint64_t> changed_;
};

}  // namespace kagimori
