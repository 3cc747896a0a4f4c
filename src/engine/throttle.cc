#include "engine/throttle.h"

#include <algorithm>

namespace kagimori {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // nanoseconds

}  // namespace

RequestFamily request_family(KmsOperation operation) {
  using enum KmsOperation;
  switch (operation) {
    case kSign:
    case kVerify:
    case kDeriveSharedSecret:
    case kEncapsulate:
    case kDecapsulate:
      return RequestFamily::kAsymmetric;
    case kGenerateDataKeyPair:
    case kGenerateDataKeyPairWithoutPlaintext:
      return RequestFamily::kDataKeyPairs;
    case kDescribeKey:
    case kGetPublicKey:
      return RequestFamily::kReads;
    default: {
      const KmsOperationInfo& info = kms_operation_info(operation);
      if (info.plane == Plane::kData) return RequestFamily::kCryptographic;
      return info.read_only ? RequestFamily::kReads : RequestFamily::kChanges;
    }
  }
}

std::size_t RequestRates::of(RequestFamily family) const {
  switch (family) {
    case RequestFamily::kCryptographic:
      return cryptographic;
    case RequestFamily::kAsymmetric:
      return asymmetric;
    case RequestFamily::kDataKeyPairs:
      return data_key_pairs;
    case RequestFamily::kReads:
      return reads;
    case RequestFamily::kChanges:
      return changes;
    case RequestFamily::kAdministration:
      return administration;
  }
  return 0;
}

Throttle::Bucket& Throttle::bucket(Known& known, RequestFamily family, std::string_view account,
                                   std::string_view region) {
  known.name.assign(account);
  known.name.push_back(static_cast<char>('0' + static_cast<int>(family)));
  known.name.append(region);
  if (const auto found = known.buckets.find(known.name); found != known.buckets.end()) return *found->second;
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Bucket>& shared = buckets_[known.name];
  if (shared == nullptr) shared = std::make_unique<Bucket>(0);
  known.buckets.emplace(known.name, shared.get());
  return *shared;
}

Status Throttle::admit(Known& known, RequestFamily family, std::string_view account, std::string_view region,
                       Timestamp now) {
  const auto rate = static_cast<std::int64_t>(rates_.of(family));
  if (rate == 0) return {};
  Bucket& due = bucket(known, family, account, region);
  const std::int64_t time = now.micros * 1'000;
  std::int64_t seen = due.load(std::memory_order_relaxed);
  std::int64_t next = 0;
  do {
    // What lies further ahead than a full burst comes from a clock that has been set back since.
    const std::int64_t begin = seen > time + kSecond ? time : std::max(seen, time);
    next = begin + kSecond / rate;
    if (next > time + kSecond) {
      return fail(ErrorCode::kThrottling,
                  "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");
    }
  } while (!due.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  return {};
}

}  // namespace kagimori
