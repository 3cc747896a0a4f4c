#include "model/key_usage.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kagimori {

void add(KeyUseCount& total, const KeyUseCount& more) {
  if (total.operations.empty() || more.first < total.first) total.first = more.first;
  if (total.operations.empty() || more.last >= total.last) {
    total.last = more.last;
    total.arn = more.arn;
  }
  for (const OperationUse& use : more.operations) {
    const auto place = std::ranges::lower_bound(total.operations, use.operation, {}, &OperationUse::operation);
    if (place == total.operations.end() || place->operation != use.operation) {
      total.operations.insert(place, use);
    } else {
      place->count += use.count;
      place->bytes += use.bytes;
    }
  }
}

bool protects(std::string_view operation) {
  constexpr std::array<std::string_view, 9> kProtecting = {"Encapsulate",
                                                           "Encrypt",
                                                           "GenerateDataKey",
                                                           "GenerateDataKeyPair",
                                                           "GenerateDataKeyPairWithoutPlaintext",
                                                           "GenerateDataKeyWithoutPlaintext",
                                                           "GenerateMac",
                                                           "ReEncryptTo",
                                                           "Sign"};
  return std::ranges::find(kProtecting, operation) != kProtecting.end();
}

}  // namespace kagimori
