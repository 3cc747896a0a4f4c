#include "engine/key_uses.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/key_objects.h"
#include "engine/marker.h"
#include "engine/related_keys.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxCounts = 10'000;  // that a blast radius is made of
constexpr std::size_t kMaxCallers = 500;
constexpr std::size_t kMaxGrants = 100;

using Counts = std::map<UsageKey, KeyUseCount>;

void merge(Counts& counts, const KeyUseCount& more) {
  const auto [known, is_new] = counts.try_emplace(usage_key(more), more);
  if (!is_new) add(known->second, more);
}

// The names of a page's last entry: the version and the principal.
std::string marker_text(const UsageKey& last) { return fmt::format("{} {}", last.version, last.principal); }

Result<UsageKey> parse_marker(const RowId& row, const std::string& text) {
  UsageKey last{row, 0, {}};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), last.version);
  if (parsed.ec != std::errc() || parsed.ptr == text.data() + text.size() || *parsed.ptr != ' ') {
    return fail(ErrorCode::kInvalidMarker,
                "The marker is not valid. Use the NextMarker of the page before, unchanged.");
  }
  last.principal.assign(parsed.ptr + 1, text.data() + text.size());
  return last;
}

// So many of a key's counts that follow `after`, and perhaps more.
Result<Counts> counts_after(Transaction& transaction, const Key& key, const std::optional<std::uint32_t>& version,
                            const std::optional<UsageKey>& after, std::size_t limit) {
  const Bytes prefix =
      version ? record_key::version(key.account, key.row, *version) : record_key::of_key(key.account, key.row);
  const Bytes from = after ? record_key::use_count(key.account, key.row, after->version, after->principal) : Bytes();
  TRY_ASSIGN(auto stored, transaction.scan<KeyUseCount>(key.account, Table::kKeyUseCounts, prefix, from, limit));
  TRY_ASSIGN(const KeyUses recent, transaction.recent_uses(key));
  Counts counts;
  for (auto& count : stored) merge(counts, count.record);
  for (const auto& [name, count] : recent.counts) {
    if ((!version || name.version == *version) && (!after || name > *after)) merge(counts, count);
  }
  return counts;
}

void add_to(KeyUsesInAll& all, const KeyUseCount& count) {
  for (const OperationUse& use : count.operations) {
    all.uses += use.count;
    all.bytes += use.bytes;
  }
  all.first = all.first ? std::min(*all.first, count.first) : count.first;
  all.last = all.last ? std::max(*all.last, count.last) : count.last;
}

Status add_versions(Transaction& transaction, const Counts& counts, KeyBlastRadius& radius) {
  const Key& key = radius.key.key;
  TRY_ASSIGN(const auto versions,
             transaction.scan_all<KeyVersion>(key.account, Table::kVersions, record_key::of_key(key.account, key.row)));
  for (const auto& stored : versions) {
    TRY_ASSIGN(const KeyObject object, get_object(transaction, key, stored.record.number, 0));
    VersionRadius version{
        stored.record.number, stored.record.material_id, object.state.state, stored.record.created, 0, {}};
    for (const auto& [name, count] : counts) {
      if (name.version != version.number) continue;
      ++version.principals;
      add_to(version.in_all, count);
    }
    radius.versions.push_back(std::move(version));
  }
  return {};
}

void add_callers(const Counts& counts, KeyBlastRadius& radius) {
  std::map<std::string, CallerRadius> callers;
  for (const auto& [name, count] : counts) {
    CallerRadius& caller = callers[name.principal];
    if (!caller.in_all.last || *caller.in_all.last <= count.last) caller.arn = count.arn;
    caller.principal = name.principal;
    caller.versions.push_back(name.version);
    add_to(caller.in_all, count);
  }
  for (auto& [principal, caller] : callers) radius.callers.push_back(std::move(caller));
  std::ranges::stable_sort(radius.callers, std::ranges::greater(),
                           [](const CallerRadius& caller) { return *caller.in_all.last; });
  if (radius.callers.size() <= kMaxCallers) return;
  radius.more_callers = true;
  radius.callers.resize(kMaxCallers);
}

Status add_grants(Transaction& transaction, KeyBlastRadius& radius) {
  const Key& key = radius.key.key;
  TRY_ASSIGN(auto grants, transaction.scan<Grant>(key.account, Table::kGrants, record_key::of_key(key.account, key.row),
                                                  {}, kMaxGrants + 1));
  radius.more_grants = grants.size() > kMaxGrants;
  if (radius.more_grants) grants.pop_back();
  for (auto& grant : grants) radius.grants.push_back(std::move(grant.record));
  return {};
}

}  // namespace

Result<KeyUseList> list_key_uses(Transaction& transaction, const ListKeyUsesRequest& request) {
  transaction.trail().parameter("keyId", request.key_id);
  if (request.version) transaction.trail().parameter_json("keyVersion", std::to_string(*request.version));
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(request.key_id, true));
  TRY(transaction.authorize_key("kagimori:GetKeyUsage", found));
  const Key& key = found.key;
  const ListMarkers markers(transaction.crypto(), "GetKeyUsage", record_key::of_key(key.account, key.row));
  std::optional<UsageKey> after;
  if (request.marker) {
    TRY_ASSIGN(const std::string text, markers.open(*request.marker));
    TRY_ASSIGN(after, parse_marker(key.row, text));
  }
  TRY_ASSIGN(auto counts, counts_after(transaction, key, request.version, after, request.limit + 1));
  KeyUseList list{found.arn, key.primary_version, {}, std::nullopt};
  for (auto& [name, count] : counts) {
    if (list.uses.size() == request.limit) {
      list.next_marker = markers.make(marker_text(usage_key(list.uses.back())));
      break;
    }
    list.uses.push_back(std::move(count));
  }
  return list;
}

Result<KeyBlastRadius> get_key_blast_radius(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  KeyBlastRadius radius;
  TRY_ASSIGN(radius.key, transaction.find_key(key_id, true));
  TRY(transaction.authorize_key("kagimori:GetKeyBlastRadius", radius.key));
  const Key& key = radius.key.key;
  TRY_ASSIGN(radius.last_usage, transaction.last_usage(key));
  radius.recently_used = used_recently(transaction, radius.last_usage);
  TRY_ASSIGN(const auto counts, counts_after(transaction, key, std::nullopt, std::nullopt, kMaxCounts));
  radius.more_callers = counts.size() >= kMaxCounts;
  TRY(add_versions(transaction, counts, radius));
  add_callers(counts, radius);
  TRY(add_grants(transaction, radius));
  radius.replica_regions = key.replica_regions;
  if (const auto external = external_key_of(key, radius.key.primary)) radius.custom_key_store_id = external->store_id;
  return radius;
}

bool used_recently(const Transaction& transaction, const std::optional<KeyLastUsage>& usage) {
  return usage && usage->when.plus_days(transaction.settings().alarms.recent_use_days) > transaction.lifecycle_now();
}

}  // namespace kagimori
