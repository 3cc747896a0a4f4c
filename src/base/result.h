#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace kagimori {

// The answer of everything that can fail. No exception crosses a folder's border.
template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace kagimori

#define KAGIMORI_CONCAT_(a, b) a##b
#define KAGIMORI_CONCAT(a, b) KAGIMORI_CONCAT_(a, b)

// Leaves the function with the error of `expr` if it has one.
#define TRY(expr)                                                              \
  do {                                                                         \
    auto&& try_status_ = (expr);                                               \
    if (!try_status_) return ::kagimori::fail(std::move(try_status_).error()); \
  } while (false)

// Declares `decl` from the value of `expr`, or leaves the function with its error.
#define TRY_ASSIGN(decl, expr) TRY_ASSIGN_(KAGIMORI_CONCAT(try_result_, __LINE__), decl, expr)
#define TRY_ASSIGN_(tmp, decl, expr)                         \
  auto tmp = (expr);                                         \
  if (!tmp) return ::kagimori::fail(std::move(tmp).error()); \
  decl = *std::move(tmp)
