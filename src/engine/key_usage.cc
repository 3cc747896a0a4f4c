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
  KeyLastUsage& usage = noted_.last[key.row];
  usage.row = key.row;
  usage.account = key.account;
  usage.operation = use.operation;
  usage.when = use.when;
  usage.event_id = use.event_id;
  usage.request_id = use.request_id;
}

void WorkerUsages::count(const UsedKey& key, const UseNote& use) {
  auto found = noted_.counts.find(View{key.row, key.version, use.principal});
  if (found == noted_.counts.end()) {
    KeyUseCount fresh;
    fresh.row = key.row;
    fresh.account = key.account;
    fresh.version = key.version;
    fresh.principal = use.principal;
    fresh.first = use.when;
    UsageKey name = usage_key(fresh);
    found = noted_.counts.emplace(std::move(name), std::move(fresh)).first;
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

// --- GatheredUsages ---

std::size_t GatheredUsages::add(WorkerUsages::Noted noted) {
  const std::lock_guard lock(noted_mutex_);
  if (noted_counts_ < kMaxCounts) {
    noted_counts_ += noted.counts.size();
    noted_.push_back(std::move(noted));
  } else {
    for (const auto& [name, count] : noted.counts) forgotten_ += uses_in(count);
  }
  return noted_counts_ + merged_counts_;
}

std::size_t GatheredUsages::size() const {
  const std::lock_guard lock(noted_mutex_);
  return noted_counts_ + merged_counts_;
}

std::uint64_t GatheredUsages::forgotten() const {
  const std::lock_guard lock(noted_mutex_);
  return forgotten_;
}

void GatheredUsages::merge(WorkerUsages::Noted noted) {
  std::uint64_t forgotten = 0;
  for (auto& [name, count] : noted.counts) {
    const auto known = uses_.counts.find(name);
    if (known != uses_.counts.end()) {
      kagimori::add(known->second, count);
    } else if (uses_.counts.size() < kMaxCounts) {
      uses_.counts.emplace(name, std::move(count));
    } else {
      forgotten += uses_in(count);
    }
  }
  for (auto& [row, usage] : noted.last) {
    if (uses_.last.size() < kMaxCounts || uses_.last.contains(row)) add_last(uses_.last, std::move(usage));
  }
  const std::lock_guard lock(noted_mutex_);
  forgotten_ += forgotten;
}

// Under mutex_.
void GatheredUsages::merge_noted() {
  std::vector<WorkerUsages::Noted> all;
  {
    const std::lock_guard lock(noted_mutex_);
    all.swap(noted_);
    noted_counts_ = 0;
  }
  for (WorkerUsages::Noted& noted : all) merge(std::move(noted));
  const std::lock_guard lock(noted_mutex_);
  merged_counts_ = uses_.counts.size();
}

Result<KeyUses> GatheredUsages::beside(std::uint64_t view_revision, const RowId& row) {
  const std::lock_guard lock(mutex_);
  if (saved_revision_ > view_revision) return fail(ErrorCode::kStale, "Uses of keys were stored meanwhile.");
  merge_noted();
  KeyUses uses;
  if (const auto last = uses_.last.find(row); last != uses_.last.end()) uses.last.insert(*last);
  for (auto count = uses_.counts.lower_bound({row, 0, {}}); count != uses_.counts.end(); ++count) {
    if (count->first.row != row) break;
    uses.counts.insert(*count);
  }
  return uses;
}

Result<bool> GatheredUsages::save_some(std::size_t count, const Save& save) {
  const std::lock_guard lock(mutex_);
  merge_noted();
  KeyUses some;
  some.last = take_front(uses_.last, count);
  some.counts = take_front(uses_.counts, count);
  if (some.empty()) return false;
  const auto revision = save(some);
  if (!revision) {  // all of these were there before, so nothing of the same name came in meanwhile
    uses_.last.merge(some.last);
    uses_.counts.merge(some.counts);
    return fail(revision.error());
  }
  saved_revision_ = *revision;
  const std::lock_guard noted(noted_mutex_);
  merged_counts_ = uses_.counts.size();
  return true;
}

}  // namespace kagimori
