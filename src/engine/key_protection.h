#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/transaction.h"

namespace kagimori {

// A key's own protection, and its destruction at once: Kagimori.PutKeyProtection, Kagimori.GetKeyProtection and
// Kagimori.DestroyKey (docs/key-protection.md). AWS KMS has nothing of the kind, so the permissions are kagimori: ones,
// which kms:* does not include.

struct KeyProtection {
  std::string key_arn;
  std::uint16_t minimum_pending_window_days = 0;  // 0: none beyond AWS's 7
  bool deletion_protection = false;
};

// What is not there stays as it is. kValidation for a window that is neither 0 nor one that a deletion may have.
struct PutKeyProtectionRequest {
  std::string key_id;
  std::optional<std::int64_t> minimum_pending_window_days;
  std::optional<bool> deletion_protection;
};
Result<KeyProtection> put_key_protection(Transaction& transaction, const PutKeyProtectionRequest& request);
Result<KeyProtection> get_key_protection(Transaction& transaction, std::string_view key_id);

// Destroys a key that is pending deletion without waiting any longer; nothing brings it back. kInvalidState for a key
// that is not pending deletion, is protected, or whose own minimum window has not passed. The answer is its ARN.
Result<std::string> destroy_key_now(Transaction& transaction, std::string_view key_id);

// What the operations that take a key out of use ask. kInvalidState while the key is protected; `what` is e.g.
// "disabled".
Status check_deletion_protection(const Key& key, std::string_view key_arn, std::string_view what);
// kValidation when the window is shorter than the key's own minimum.
Status check_minimum_window(const Key& key, std::string_view key_arn, std::int64_t days);

}  // namespace kagimori
