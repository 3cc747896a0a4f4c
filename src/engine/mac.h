#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"

namespace kagimori {

// GenerateMac and VerifyMac (AWS KMS API reference), on a worker's thread.

struct MacRequest {
  std::string_view key_id;
  ByteView message;
  std::string_view algorithm;  // AWS's MacAlgorithmSpec
  bool dry_run = false;
};
struct GenerateMacResponse {
  Bytes mac;
  std::string key_arn;
};
Result<GenerateMacResponse> generate_mac(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                         const MacRequest& request);

// The key's ARN when `mac` is the message's; kKMSInvalidMac (no message) when it is not.
Result<std::string> verify_mac(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                               const MacRequest& request, ByteView mac);

}  // namespace kagimori
