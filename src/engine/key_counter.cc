#include "engine/key_counter.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

std::string KeyCounter::name(std::string_view account, std::string_view region) {
  return std::string(account).append("|").append(region);
}

Result<std::size_t> KeyCounter::count(RecordReader& reader, std::string_view account, std::string_view region) {
  const std::lock_guard lock(mutex_);
  const std::string which = name(account, region);
  const auto known = counts_.find(which);
  if (known != counts_.end()) return known->second;
  std::size_t total = 0;
  Bytes after;
  for (;;) {
    // Only the number matters, so the records' MACs need not be checked.
    TRY_ASSIGN(auto page,
               reader.transaction().scan(Table::kKeyIds, record_key::key_ids_of(account, region), after, kPage));
    total += page.size();
    if (page.size() < kPage) break;
    after = std::move(page.back().key);
  }
  counts_.emplace(which, total);
  return total;
}

void KeyCounter::add(std::string_view account, std::string_view region, std::ptrdiff_t change) {
  const std::lock_guard lock(mutex_);
  const auto known = counts_.find(name(account, region));
  if (known != counts_.end()) known->second += static_cast<std::size_t>(change);
}

}  // namespace kagimori
