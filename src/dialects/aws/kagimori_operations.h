#pragma once

#include <string_view>

#include "dialects/aws/json_call.h"

namespace kagimori::aws {

// What no known API covers (design, section 8): JSON 1.1 with target Kagimori.<Operation>, action kagimori:<Operation>.
struct KagimoriOperation {
  std::string_view name;
  bool read_only = false;
  JsonAnswer (*handle)(JsonCall& call) = nullptr;
};
// Null when there is no such operation.
const KagimoriOperation* kagimori_operation(std::string_view name);

}  // namespace kagimori::aws
