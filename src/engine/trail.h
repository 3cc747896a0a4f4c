#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/event.h"
#include "engine/alarms.h"
#include "engine/caller.h"
#include "model/key.h"
#include "model/kms_operation.h"

namespace kagimori {

// What is fixed about the operation of a request. `name` is a literal.
struct OperationInfo {
  std::string_view name;
  bool read_only = false;
  Plane plane = Plane::kManagement;
};

// A key that a request made use of.
struct UsedKey {
  AccountId account;
  RowId row;
  std::string_view operation = {};  // a literal, as IAM names the action: "ReEncryptTo"
  std::uint32_t version = 1;        // of the key
  std::uint64_t bytes = 0;          // that are given to it
};

// How AWS calls it when related multi-Region keys are brought in line with each other.
inline constexpr OperationInfo kSynchronizeMultiRegionKey{"SynchronizeMultiRegionKey", false, Plane::kManagement};

inline OperationInfo alarm_operation(Alarm alarm) { return {alarm_name(alarm), true, Plane::kManagement}; }

// What a request leaves behind for the audit log and the request log, filled in as it goes. Only what an operation puts
// here by name is ever logged; values of members that AWS calls sensitive are never put.
class Trail {
 public:
  explicit Trail(const OperationInfo& operation = {}) : operation_(operation) {}

  // Names are literals, in CloudTrail's lower camel case.
  Trail& parameter(std::string_view name, std::string_view text);
  Trail& parameter_json(std::string_view name, std::string json);
  Trail& response(std::string_view name, std::string_view text);
  Trail& additional(std::string_view name, std::string_view text);  // nothing for an empty text
  Trail& additional_json(std::string_view name, std::string json);
  Trail& detail(std::string_view name, std::string_view text);  // of what the clock does
  Trail& resource(std::string_view arn);
  // A key whose material the request uses, if it succeeds.
  Trail& used(UsedKey key);
  // It is this version of the first such key, that of a ciphertext.
  Trail& opened_with(std::uint32_t version);
  // Where it happens, if not in the region that the caller asked.
  Trail& region(std::string_view name);
  // The service itself does it, on behalf of nobody.
  Trail& by_service();
  // Nobody asked for it.
  Trail& service_event();
  // The key of the request is one that should not be used, for this reason: an alarm, if it is news.
  Trail& unusable_key(std::string_view key_arn, std::string_view why);

  std::string_view operation() const { return operation_.name; }
  Plane plane() const { return operation_.plane; }
  const std::vector<std::string>& resources() const { return resources_; }
  const std::vector<UsedKey>& used_keys() const { return used_keys_; }
  struct UnusableKey {
    std::string arn;
    std::string_view why;  // a literal
  };
  const std::optional<UnusableKey>& unusable_key() const { return unusable_key_; }
  // Empties what the operation put, for the next try of a transaction.
  void reset();

  // The event of this trail. `error` is null on success. Views into the trail, the caller and `event_id`.
  audit::Event event(const Caller& caller, const Error* error, std::string_view event_id) const;

 private:
  using Members = std::vector<std::pair<std::string_view, std::string>>;
  OperationInfo operation_;
  Members parameters_, response_, additional_, details_;
  std::vector<std::string> resources_;
  std::vector<UsedKey> used_keys_;
  std::optional<UnusableKey> unusable_key_;
  std::string region_;
  bool by_service_ = false;
  bool service_event_ = false;
};

}  // namespace kagimori
