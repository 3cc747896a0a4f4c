#include "engine/key_protection.h"

#include <fmt/format.h>

#include "engine/key_management.h"
#include "engine/lifecycle_changes.h"

namespace kagimori {
namespace {

KeyProtection protection_of(const TransactionKey& found) {
  return {found.arn, found.key.min_deletion_days, found.key.deletion_protection};
}

Status check_window(std::int64_t days) {
  if (days == 0 || (days >= kMinPendingWindowDays && days <= kMaxPendingWindowDays)) return {};
  return fail(ErrorCode::kValidation, fmt::format("MinimumPendingWindowInDays must be 0 (none) or between {} and {}.",
                                                  kMinPendingWindowDays, kMaxPendingWindowDays));
}

// When the key's own minimum has passed since its deletion was scheduled.
Timestamp earliest_destruction(const Key& key) {
  return key.deletion_date->plus_days(static_cast<std::int64_t>(key.min_deletion_days) - key.pending_window_days);
}

}  // namespace

Status check_deletion_protection(const Key& key, std::string_view key_arn, std::string_view what) {
  if (!key.deletion_protection) return {};
  return fail(ErrorCode::kInvalidState,
              fmt::format("{} has deletion protection and can't be {}. Who may call Kagimori.PutKeyProtection can take "
                          "the protection off.",
                          key_arn, what));
}

Status check_minimum_window(const Key& key, std::string_view key_arn, std::int64_t days) {
  if (days >= key.min_deletion_days) return {};
  return fail(ErrorCode::kValidation,
              fmt::format("PendingWindowInDays must be at least {} for {}, by the key's own protection.",
                          key.min_deletion_days, key_arn));
}

Result<KeyProtection> put_key_protection(Transaction& transaction, const PutKeyProtectionRequest& request) {
  transaction.trail().parameter("keyId", request.key_id);
  if (request.minimum_pending_window_days) {
    transaction.trail().parameter_json("minimumPendingWindowInDays",
                                       std::to_string(*request.minimum_pending_window_days));
  }
  if (request.deletion_protection) {
    transaction.trail().parameter_json("deletionProtection", *request.deletion_protection ? "true" : "false");
  }
  TRY_ASSIGN(TransactionKey found, transaction.find_key(request.key_id, false));
  TRY(transaction.authorize_key("kagimori:PutKeyProtection", found));
  TRY(check_window(request.minimum_pending_window_days.value_or(0)));
  if (request.deletion_protection.value_or(false) && found.key.pending_window_days > 0) {
    return fail(ErrorCode::kInvalidState, fmt::format("{} is {}. Call CancelKeyDeletion before you protect it.",
                                                      found.arn, aws_key_state_name(found.state())));
  }
  Key key = found.key;
  if (request.minimum_pending_window_days) {
    key.min_deletion_days = static_cast<std::uint16_t>(*request.minimum_pending_window_days);
  }
  key.deletion_protection = request.deletion_protection.value_or(key.deletion_protection);
  if (key != found.key) TRY(transaction.save_key(found.key, key));
  transaction.trail().response("keyId", found.arn);
  found.key = std::move(key);
  return protection_of(found);
}

Result<KeyProtection> get_key_protection(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kagimori:GetKeyProtection", found));
  return protection_of(found);
}

Result<std::string> destroy_key_now(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kagimori:DestroyKey", found));
  if (!found.key.deletion_date) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("{} is {}. Only a key that is pending deletion can be destroyed at once: call "
                            "ScheduleKeyDeletion first.",
                            found.arn, aws_key_state_name(found.state())));
  }
  TRY(check_deletion_protection(found.key, found.arn, "destroyed"));
  if (const Timestamp earliest = earliest_destruction(found.key); transaction.lifecycle_now() < earliest) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("{} can't be destroyed before {}: its own protection wants {} days between "
                            "ScheduleKeyDeletion and the end.",
                            found.arn, to_iso8601(earliest), found.key.min_deletion_days));
  }
  TRY(destroy_key(transaction, found.key, "destroyed-at-once"));
  transaction.trail().response("keyId", found.arn);
  return found.arn;
}

}  // namespace kagimori
