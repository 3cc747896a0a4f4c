#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/key_usage.h"

namespace kagimori {

// What may still be protected. Where the limit says nothing of uses or of bytes, that half says nothing.
struct Allowance {
  std::uint64_t uses = 0, bytes = 0;
};

// A key version that has a usage limit, as cache_key::allowance() names it; and, where more of it is needed, how much.
struct AllowanceName {
  AccountId account;
  RowId row;
  std::uint32_t version = 1;
  Allowance wanted;
};
Result<AllowanceName> parse_allowance_name(std::string_view item);

// What one worker may protect with key versions that have a usage limit: each use is taken from what was reserved in
// the store before (engine/usage_limits.h), so that also after a crash no more than the limit was used. One thread.
class Allowances {
 public:
  enum class Taken { kYes, kMoreIsNeeded, kLimitReached };
  struct Answer {
    Taken taken = Taken::kYes;
    std::string needed;  // the name, and what is wanted
  };
  Answer take(const std::string& name, const UsageLimit& limit, std::uint64_t bytes);
  // `refusals`: what they wanted can't be reserved, which this many are to be told.
  void add(const std::string& name, const Allowance& reserved, std::size_t refusals);
  void drop(const std::string& name) { known_.erase(name); }
  struct Unused {
    std::string name;
    Allowance left;
  };
  std::vector<Unused> take_all();

 private:
  struct Known {
    Allowance left;
    std::size_t refusals = 0;
  };
  std::unordered_map<std::string, Known> known_;  // as many as there are limited key versions in use
};

}  // namespace kagimori
