#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kagimori {

// The memory that large requests of all workers take together; any thread.
class BufferBudget {
 public:
  explicit BufferBudget(std::size_t limit) : limit_(limit) {}
  bool take(std::size_t size);
  void give_back(std::size_t size) { used_.fetch_sub(size, std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

// Free blocks of the usual size, so that connections which are idle hold none and busy ones need no allocation.
// One thread. Outlives its buffers.
class BufferPool {
 public:
  static constexpr std::size_t kBlock = std::size_t{16} << 10;  // usable bytes of a pooled block

  explicit BufferPool(BufferBudget& budget) : budget_(budget) {}

 private:
  friend class Buffer;
  static constexpr std::size_t kMaxFree = 256;

  BufferBudget& budget_;
  std::vector<std::unique_ptr<std::uint8_t[]>> free_;
};

// Bytes of one connection that hold a request or answers. Whatever leaves it is wiped: between size() and the end of
// the block there are only zeros, and kPadding zeros or later bytes are always readable behind any byte of it.
class Buffer {
 public:
  static constexpr std::size_t kPadding = 64;

  explicit Buffer(BufferPool& pool) : pool_(&pool) {}
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::uint8_t* data() { return block_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }
  ByteView bytes() const { return {block_.get(), size_}; }
  std::string_view text() const { return as_text(bytes()); }

  // Makes room for at least `more` bytes behind size(); may move everything. False if the budget for large buffers is
  // used up, and nothing changes.
  [[nodiscard]] bool reserve(std::size_t more);
  // What can be written behind size(); call grew() with how much was.
  std::span<std::uint8_t> room() { return {block_.get() + size_, capacity_ - size_}; }
  void grew(std::size_t by) { size_ += by; }
  // Into room made by reserve().
  void append(std::string_view text);
  // Takes out `count` bytes at `at` and closes the gap.
  void erase(std::size_t at, std::size_t count);
  void truncate(std::size_t size);
  // Wipes everything and gives the block back.
  void release();

 private:
  BufferPool* pool_;
  std::unique_ptr<std::uint8_t[]> block_;
  std::size_t capacity_ = 0;  // usable bytes; the block has kPadding more
  std::size_t size_ = 0;
};

}  // namespace kagimori
