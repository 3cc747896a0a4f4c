#pragma once

#include <atomic>

namespace kagimori {

// Tells who still holds a snapshot that a change has made it an older truth. Any thread. A copy or a moved one is a
// snapshot of its own, which nothing has superseded yet.
class Superseded {
 public:
  Superseded() = default;
  Superseded(const Superseded& /*other*/) {}
  Superseded& operator=(const Superseded& /*other*/) { return *this; }
  ~Superseded() = default;

  void set() const { set_.store(true, std::memory_order_release); }
  bool is_set() const { return set_.load(std::memory_order_acquire); }

 private:
  mutable std::atomic<bool> set_ = false;
};

}  // namespace kagimori
