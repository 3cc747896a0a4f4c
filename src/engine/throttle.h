#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "model/kms_operation.h"

namespace kagimori {

// Request throttling per account, Region and family of operations (AWS KMS developer guide, "Request quotas"). AWS has
// a rate for each of some forty groups of operations; these six families are the lines that an operator tells apart.
enum class RequestFamily : std::uint8_t {
  kCryptographic,   // Encrypt, Decrypt, ReEncrypt, data keys, MACs, random bytes
  kAsymmetric,      // Sign, Verify, DeriveSharedSecret, Encapsulate, Decapsulate
  kDataKeyPairs,    // GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext
  kReads,           // KMS operations that only tell
  kChanges,         // KMS operations that change something
  kAdministration,  // IAM, STS, Kagimori.*
};
RequestFamily request_family(KmsOperation operation);

// Requests a second; 0: as many as come.
struct RequestRates {
  std::size_t cryptographic = 0;
  std::size_t asymmetric = 0;
  std::size_t data_key_pairs = 0;
  std::size_t reads = 0;
  std::size_t changes = 0;
  std::size_t administration = 0;

  std::size_t of(RequestFamily family) const;
};

// Lets so many requests pass a second, and as many at once after a second of rest. The bucket of an account, Region and
// family is one atomic number that all workers share, so the rate does not depend on how connections fall to workers,
// and none waits for another.
class Throttle {
 public:
  explicit Throttle(const RequestRates& rates) : rates_(rates) {}

  // When the next request of an even stream would be due, in nanoseconds since 1970 (the generic cell rate algorithm).
  using Bucket = std::atomic<std::int64_t>;
  // What one worker knows of the buckets, so that it asks for each once.
  struct Known {
    std::unordered_map<std::string, Bucket*> buckets;
    std::string name;  // kept for its memory
  };

  // kThrottling when the request comes too soon. Any thread, each with a Known of its own.
  Status admit(Known& known, RequestFamily family, std::string_view account, std::string_view region, Timestamp now);

 private:
  Bucket& bucket(Known& known, RequestFamily family, std::string_view account, std::string_view region);

  const RequestRates rates_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Bucket>> buckets_;  // as many as accounts, Regions and families
};

}  // namespace kagimori
