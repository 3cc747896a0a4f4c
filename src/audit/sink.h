#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace kagimori::audit {

// An event on its way to a sink.
struct SinkEvent {
  std::uint64_t index = 0;  // in the log
  std::string_view line;    // without its line feed
};

// Where events go besides the log. One thread, which may block for some seconds at most.
class Sink {
 public:
  virtual ~Sink() = default;
  // All of them, in order; on an error they are delivered again later, all of them. The sentence says what is wrong.
  virtual Status deliver(std::span<const SinkEvent> events) = 0;
  // What was delivered last may be lost when a delivery fails, because nobody confirms: it is delivered again as well.
  virtual bool confirms() const { return true; }
};

}  // namespace kagimori::audit
