#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"
#include "protocol/form.h"

namespace kagimori::aws {

inline constexpr std::string_view kIamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/";
inline constexpr std::string_view kStsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

// An operation of the Query protocol (IAM, STS). `parse` reads its parameters on the worker's thread and leaves the
// work for the pool; the work's answer is the whole document.
struct QueryOperation {
  std::string_view name;
  bool read_only = false;
  Plane plane = Plane::kManagement;
  Result<Engine::Work> (*parse)(const Form& form, const std::string& request_id) = nullptr;
};
// Null when there is no such operation.
const QueryOperation* iam_operation(std::string_view name);
const QueryOperation* sts_operation(std::string_view name);
// The same operations with JSON as their answer, as STS gives it to who accepts that.
const QueryOperation* sts_json_operation(std::string_view name);

}  // namespace kagimori::aws
