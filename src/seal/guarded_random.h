#pragma once

#include <mutex>

#include "base/random.h"

namespace kagimori {

// Lets several threads share a source that belongs to one: the keyrings draw rarely, so a lock does no harm.
class GuardedRandom final : public RandomSource {
 public:
  explicit GuardedRandom(RandomSource& source) : source_(source) {}
  void fill_public(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    source_.fill_public(out);
  }
  void fill_private(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    source_.fill_private(out);
  }

 private:
  std::mutex mutex_;
  RandomSource& source_;  // guarded by mutex_
};

}  // namespace kagimori
