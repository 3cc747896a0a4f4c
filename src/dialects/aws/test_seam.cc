#include "dialects/aws/test_seam.h"

#include "dialects/aws/wire_error.h"

namespace kagimori::aws {

bool FaultTable::inject(std::string_view error_name, std::string_view operation, std::int64_t times) {
  const std::optional<ErrorCode> code = error_code_of(error_name);
  if (!code) return false;
  const std::lock_guard lock(mutex_);
  faults_.insert_or_assign(std::string(operation), Fault{*code, times});
  any_.store(true, std::memory_order_release);
  return true;
}

std::optional<Error> FaultTable::take(std::string_view operation) {
  if (!any_.load(std::memory_order_acquire)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(operation);
  if (found == faults_.end() || found->second.left <= 0) return std::nullopt;
  --found->second.left;
  return Error{found->second.code, "A test ordered this error."};
}

}  // namespace kagimori::aws
