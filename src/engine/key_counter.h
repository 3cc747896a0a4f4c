#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/records.h"

namespace kagimori {

// How many keys each account has in a region, for the quota. Counted once from the store, then kept up by commits; kept
// in memory, since a counter in the store would make every CreateKey wait for the one before. Any thread.
class KeyCounter {
 public:
  Result<std::size_t> count(RecordReader& reader, std::string_view account, std::string_view region);
  void add(std::string_view account, std::string_view region, std::ptrdiff_t change);

 private:
  static std::string name(std::string_view account, std::string_view region);

  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> counts_;
};

}  // namespace kagimori
