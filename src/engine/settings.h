#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/throttle.h"

namespace kagimori {

// Bounds of what one account may have; defaults are AWS's (KMS and IAM developer guides, "Quotas").
struct Quotas {
  std::size_t keys_per_account = 100'000;
  std::size_t aliases_per_key = 50;
  std::size_t tags_per_key = 50;
  std::size_t grants_per_key = 50'000;
  std::size_t policy_bytes = 32'768;
  std::size_t on_demand_rotations = 25;
  std::size_t users_per_account = 5'000;
  std::size_t access_keys_per_user = 2;
  std::size_t custom_key_stores = 10;      // of an account in a Region, all states
  std::size_t user_policy_bytes = 2'048;   // of all inline policies of a user, white space not counted
  std::size_t role_policy_bytes = 10'240;  // likewise of a role
  std::size_t group_policy_bytes = 5'120;  // likewise of a group
  std::size_t roles_per_account = 1'000;
  std::size_t groups_per_account = 300;
  std::size_t groups_per_user = 10;
  std::size_t policies_per_account = 1'500;
  std::size_t policies_per_principal = 10;  // managed policies of a user, role or group
  std::size_t versions_per_policy = 5;
  std::size_t managed_policy_bytes = 6'144;  // white space not counted
  std::size_t trust_policy_bytes = 2'048;
};

// Whose attestation documents are believed.
struct AttestationSettings {
  std::string trust_roots;  // certificates in PEM; empty: nobody's
  std::int64_t max_age_seconds = 300;
};

// When alarms are raised (engine/alarms.h); 0: never.
struct AlarmSettings {
  std::int64_t recent_use_days = 30;  // before a key is disabled, or its deletion scheduled
  std::int64_t deletion_days = 7;     // ahead
  std::int64_t expiry_days = 7;
  std::int64_t rotation_days = 1;
  bool first_use = true;
  std::int64_t denied_per_minute = 60;  // of a principal
  std::int64_t checkpoint_late_seconds = 10;
  std::int64_t disk_free_percent = 10;         // of each file system of these:
  std::vector<std::filesystem::path> folders;  // not an option of its own
};

struct EngineSettings {
  std::string region = "us-east-1";  // the home region
  std::vector<std::string> regions;  // those that are served besides it
  std::size_t pool_threads = 4;
  std::size_t pool_queue = 1'024;
  std::size_t xks_threads = 16;                // that wait for external key store proxies
  std::size_t cache_entries = 20'000;          // a worker: identities, keys, aliases and grants together
  std::size_t cache_secret_bytes = 1'048'576;  // a worker: of the memory for secrets
  bool allow_presigned = true;
  std::int64_t sweep_interval_seconds = 10;
  bool log_requests = true;
  Quotas quotas;
  RequestRates request_rates = {};
  AttestationSettings attestation = {};
  AlarmSettings alarms = {};

  bool serves(std::string_view name) const;
  std::vector<std::string> all_regions() const;  // the home region first, each once
};

}  // namespace kagimori
