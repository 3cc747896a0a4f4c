#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kagimori::aws {

// Faults that a test ordered: errors that AWS documents but that nature hardly gives. Any thread.
class FaultTable {
 public:
  // The next `times` requests of that operation ("Encrypt", "CreateUser") are answered with the error, which is named
  // as in one of AWS's two protocols; 0 takes an order back. False for a name that no error has.
  bool inject(std::string_view error_name, std::string_view operation, std::int64_t times);
  // The error that is due for a request of the operation, counted down.
  std::optional<Error> take(std::string_view operation);

 private:
  struct Fault {
    ErrorCode code = ErrorCode::kInternal;
    std::int64_t left = 0;
  };
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::map<std::string, Fault, std::less<>> faults_;  // by operation
};

// What requests may do to a server in test mode and never to any other. Outlives every handler.
struct TestSeam {
  std::function<void(std::int64_t seconds)> advance_lifecycle_clock;  // any thread
  FaultTable faults;
  // The store fails the next `times` reads of the table, or commits that write it; false for an unknown table. Any
  // thread.
  std::function<bool(std::string_view table, bool commits, ErrorCode error, std::int64_t times)> inject_store_fault;
};

}  // namespace kagimori::aws
