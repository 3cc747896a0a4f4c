#include "engine/key_usage.h"

#include <algorithm>
#include <array>
#include <utility>

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

}  // namespace

bool counts_as_use(std::string_view operation) {
  return std::find(kTrackedOperations.begin(), kTrackedOperations.end(), operation) != kTrackedOperations.end();
}

void WorkerUsages::note(const UsedKey& key, std::string_view operation, Timestamp when, std::string_view event_id,
                        std::string_view request_id) {
  KeyLastUsage& usage = usages_[key.row];
  usage.row = key.row;
  usage.account = key.account;
  usage.operation = operation;
  usage.when = when;
  usage.event_id = event_id;
  usage.request_id = request_id;
}

KeyUsages WorkerUsages::take() { return std::exchange(usages_, {}); }

void GatheredUsages::add(KeyUsages usages) {
  const std::lock_guard lock(mutex_);
  for (auto& [row, usage] : usages) {
    KeyLastUsage& known = usages_[row];
    if (known.when <= usage.when) known = std::move(usage);
  }
}

std::optional<KeyLastUsage> GatheredUsages::find(const RowId& row) const {
  const std::lock_guard lock(mutex_);
  const auto found = usages_.find(row);
  return found == usages_.end() ? std::nullopt : std::optional(found->second);
}

bool GatheredUsages::empty() const {
  const std::lock_guard lock(mutex_);
  return usages_.empty();
}

std::vector<KeyLastUsage> GatheredUsages::some(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<KeyLastUsage> some;
  for (auto usage = usages_.begin(); usage != usages_.end() && some.size() < count; ++usage) {
    some.push_back(usage->second);
  }
  return some;
}

void GatheredUsages::remove(const std::vector<KeyLastUsage>& stored) {
  const std::lock_guard lock(mutex_);
  for (const KeyLastUsage& usage : stored) {
    const auto found = usages_.find(usage.row);
    if (found != usages_.end() && found->second == usage) usages_.erase(found);
  }
}

}  // namespace kagimori
