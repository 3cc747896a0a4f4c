#pragma once

#include <array>
#include <string_view>

#include "base/clock.h"

namespace kagimori {

// The Date header's value (RFC 9110 section 5.6.7), made anew once a second. AWS SDKs correct their clocks from it.
// One thread; `clock` outlives it.
class HttpDate {
 public:
  static constexpr std::size_t kSize = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"

  explicit HttpDate(const Clock& clock) : clock_(clock) {}
  // Valid until the next call.
  std::string_view text();

 private:
  const Clock& clock_;
  std::int64_t second_ = -1;
  std::array<char, kSize + 1> text_{};
};

}  // namespace kagimori
