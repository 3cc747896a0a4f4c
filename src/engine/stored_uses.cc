#include "engine/stored_uses.h"

#include <map>
#include <set>
#include <utility>

namespace kagimori {
namespace {

// What is to be stored of the counts: added to what is there.
class StoredCounts {
 public:
  explicit StoredCounts(Transaction& transaction) : transaction_(transaction) {}

  Status add(const KeyUseCount& more) {
    TRY_ASSIGN(const bool known, add_to_known(more));
    if (known) return {};
    TRY_ASSIGN(const bool has_room, has_room_for(more));
    if (has_room) {
      TRY(tell_of_first_use(more));
      totals_.emplace(usage_key(more), more);
      return {};
    }
    KeyUseCount others = more;
    others.principal.clear();
    others.arn.clear();
    TRY_ASSIGN(const bool others_known, add_to_known(others));
    if (!others_known) totals_.emplace(usage_key(others), std::move(others));
    return {};
  }

  Status write() {
    for (const auto& [key, total] : totals_) {
      TRY(transaction_.put(total.account, Table::kKeyUseCounts,
                           record_key::use_count(total.account, key.row, key.version, key.principal), encode(total)));
    }
    return {};
  }

 private:
  Result<bool> add_to_known(const KeyUseCount& more) {
    auto total = totals_.find(usage_key(more));
    if (total == totals_.end()) {
      TRY_ASSIGN(auto stored, transaction_.get<KeyUseCount>(
                                  more.account, Table::kKeyUseCounts,
                                  record_key::use_count(more.account, more.row, more.version, more.principal)));
      if (!stored) return false;
      total = totals_.emplace(usage_key(more), *std::move(stored)).first;
    }
    kagimori::add(total->second, more);
    return true;
  }

  // That somebody uses a key is news where others have used it before.
  Status tell_of_first_use(const KeyUseCount& fresh) {
    if (!transaction_.settings().alarms.first_use) return {};
    TRY_ASSIGN(const auto key,
               transaction_.get<Key>(fresh.account, Table::kKeys, record_key::key(fresh.account, fresh.row)));
    TRY_ASSIGN(const auto others, transaction_.scan<KeyUseCount>(fresh.account, Table::kKeyUseCounts,
                                                                 record_key::of_key(fresh.account, fresh.row), {}, 1));
    if (!key || others.empty() || !told_.emplace(fresh.row, fresh.principal).second) return {};
    for (std::uint32_t version = 1; version <= key->last_version; ++version) {
      const Bytes name = record_key::use_count(fresh.account, fresh.row, version, fresh.principal);
      TRY_ASSIGN(const auto known, transaction_.get<KeyUseCount>(fresh.account, Table::kKeyUseCounts, name));
      if (known) return {};
    }
    transaction_.raise_alarm(Alarm::kFirstUseByPrincipal, *key)
        .detail("principal", fresh.arn)
        .detail("firstUseTime", to_iso8601(fresh.first))
        .detail("operation", fresh.operations.front().operation);
    return {};
  }

  Result<bool> has_room_for(const KeyUseCount& fresh) {
    const Bytes version = record_key::version(fresh.account, fresh.row, fresh.version);
    auto principals = principals_.find(version);
    if (principals == principals_.end()) {
      TRY_ASSIGN(const auto stored, transaction_.scan<KeyUseCount>(fresh.account, Table::kKeyUseCounts, version, {},
                                                                   kMaxCountedPrincipals));
      principals = principals_.emplace(version, stored.size()).first;
    }
    return principals->second++ < kMaxCountedPrincipals;
  }

  Transaction& transaction_;
  std::map<UsageKey, KeyUseCount> totals_;
  std::map<Bytes, std::size_t> principals_;  // how many a version has
  std::set<std::pair<RowId, std::string>> told_;
};

}  // namespace

Status put_uses(Transaction& transaction, const KeyUses& uses) {
  for (const auto& [row, usage] : uses.last) {
    TRY(transaction.put(usage.account, Table::kKeyUsages, record_key::key(usage.account, row), encode(usage)));
  }
  StoredCounts counts(transaction);
  for (const auto& [key, count] : uses.counts) TRY(counts.add(count));
  return counts.write();
}

}  // namespace kagimori
