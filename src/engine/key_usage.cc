#include "engine/key_usage.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace kagimori {
namespace {

constexpr std::array<std::string_view, 14> kTrackedOperations = {"Decapsulate",
                                                                 "Decrypt",
                                                                 "DeriveSharedSecret",
                                                                 "Encapsulate",
                                                                 "Encrypt",
                                                                 "GenerateDataKey",
                                                                 "GenerateDataKeyPair",
                                                                 "GenerateDataKeyPairWithoutPlaintext",
                                                                 "GenerateMac",
                                                                 "GenerateDataKeyWithoutPlaintext",
                                                                 "ReEncrypt",
                                                                 "Sign",
                                                                 "Verify",
                                                                 "VerifyMac"};

void add_last(std::map<RowId, KeyLastUsage>& all, KeyLastUsage&& usage) {
  KeyLastUsage& known = all[usage.row];
  if (known.when <= usage.when) known = std::move(usage);
}

std::uint64_t uses_in(const KeyUseCount& count) {
  std::uint64_t uses = 0;
  for (const OperationUse& use : count.operations) uses += use.count;
  return uses;
}

// Moves up to `count` from the front.
template <typename Map>
Map take_front(Map& from, std::size_t count) {
  Map taken;
  while (!from.empty() && taken.size() < count) taken.insert(taken.end(), from.extract(from.begin()));
  return taken;
}

}  // namespace

bool counts_as_use(std::string_view operation) {
  return std::find(kTrackedOperations.begin(), kTrackedOperations.end(), operation) != kTrackedOperations.end();
}

UsageKey usage_key(const KeyUseCount& count) { return {count.row, count.version, count.principal}; }

void KeyUses::add(KeyUses more) {
  for (auto& [row, usage] : more.last) add_last(last, std::move(usage));
  for (auto& [key, count] : more.counts) {
    const auto [known, is_new] = counts.try_emplace(key, std::move(count));
    if (!is_new) kagimori::add(known->second, count);
  }
}

// --- WorkerUsages ---

std::size_t WorkerUsages::Hash::operator()(const RowId& row) const {
  std::uint64_t random = 0;  // as rows are
  std::memcpy(&random, row.bytes.data(), sizeof(random));
  return random;
}

std::size_t WorkerUsages::Hash::hash(const View& key) {
  constexpr std::size_t kOdd = 0x9e3779b97f4a7c15;
  const std::size_t principal = std::hash<std::string_view>()(key.principal);
  return (Hash()(key.row) + key.version) * kOdd ^ principal;
}

void WorkerUsages::note(const UsedKey& key, const UseNote& use) {
  note_last(key, use);
  count(key, use);
}

void WorkerUsages::note_last(const UsedKey& key, const UseNote& use) {
  KeyLastUsage& usage = last_[key.row];
  usage.row = key.row;
  usage.account = key.account;
  usage.operation = use.operation;
  usage.when = use.when;
  usage.event_id = use.event_id;
  usage.request_id = use.request_id;
}

void WorkerUsages::count(const UsedKey& key, const UseNote& use) {
  auto found = counts_.find(View{key.row, key.version, use.principal});
  if (found == counts_.end()) {
    KeyUseCount fresh;
    fresh.row = key.row;
    fresh.account = key.account;
    fresh.version = key.version;
    fresh.principal = use.principal;
    fresh.first = use.when;
    UsageKey name = usage_key(fresh);
    found = counts_.emplace(std::move(name), std::move(fresh)).first;
  }
  KeyUseCount& known = found->second;
  known.last = use.when;
  known.arn = use.arn;
  std::vector<OperationUse>& operations = known.operations;
  auto place = std::ranges::lower_bound(operations, key.operation, {}, &OperationUse::operation);
  if (place == operations.end() || place->operation != key.operation) {
    place = operations.insert(place, {std::string(key.operation), 0, 0});
  }
  ++place->count;
  place->bytes += key.bytes;
}

KeyUses WorkerUsages::take() {
  KeyUses uses;
  for (auto& [row, usage] : last_) uses.last.emplace(row, std::move(usage));
  for (auto& [key, count] : counts_) uses.counts.emplace(key, std::move(count));
  last_.clear();
  counts_.clear();
  return uses;
}

// --- GatheredUsages ---

void GatheredUsages::add(KeyUses uses) {
  const std::lock_guard lock(mutex_);
  if (uses_.counts.size() >= kMaxCounts) {
    std::erase_if(uses.counts, [this](const auto& use) {
      const bool forget = !uses_.counts.contains(use.first);
      if (forget) forgotten_ += uses_in(use.second);
      return forget;
    });
    std::erase_if(uses.last, [this](const auto& use) { return !uses_.last.contains(use.first); });
  }
  uses_.add(std::move(uses));
}

std::size_t GatheredUsages::size() const {
  const std::lock_guard lock(mutex_);
  return uses_.counts.size();
}

std::uint64_t GatheredUsages::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

Result<KeyUses> GatheredUsages::beside(std::uint64_t view_revision, const RowId& row) const {
  const std::lock_guard saving(saving_mutex_);
  if (saved_revision_ > view_revision) return fail(ErrorCode::kStale, "Uses of keys were stored meanwhile.");
  const std::lock_guard lock(mutex_);
  KeyUses uses;
  if (const auto last = uses_.last.find(row); last != uses_.last.end()) uses.last.insert(*last);
  for (auto count = uses_.counts.lower_bound({row, 0, {}}); count != uses_.counts.end(); ++count) {
    if (count->first.row != row) break;
    uses.counts.insert(*count);
  }
  return uses;
}

Result<bool> GatheredUsages::save_some(std::size_t count, const Save& save) {
  const std::lock_guard saving(saving_mutex_);
  KeyUses some;
  {
    const std::lock_guard lock(mutex_);
    some.last = take_front(uses_.last, count);
    some.counts = take_front(uses_.counts, count);
  }
  if (some.empty()) return false;
  const auto revision = save(some);
  if (!revision) {
    const std::lock_guard lock(mutex_);
    uses_.add(std::move(some));
    return fail(revision.error());
  }
  saved_revision_ = *revision;
  return true;
}

}  // namespace kagimori
