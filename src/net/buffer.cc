#include "net/buffer.h"

#include <string.h>

#include <bit>

#include "base/secret.h"

namespace kagimori {

bool BufferBudget::take(std::size_t size) {
  if (used_.fetch_add(size, std::memory_order_relaxed) + size <= limit_) return true;
  give_back(size);
  return false;
}

bool Buffer::reserve(std::size_t more) {
  if (capacity_ - size_ >= more) return true;
  if (block_ == nullptr && more <= BufferPool::kBlock) {
    if (pool_->free_.empty()) {
      block_ = std::make_unique<std::uint8_t[]>(BufferPool::kBlock + kPadding);
    } else {
      block_ = std::move(pool_->free_.back());
      pool_->free_.pop_back();
    }
    capacity_ = BufferPool::kBlock;
    return true;
  }
  const std::size_t capacity = std::bit_ceil(size_ + more);
  if (!pool_->budget_.take(capacity)) return false;
  auto larger = std::make_unique<std::uint8_t[]>(capacity + kPadding);
  const std::size_t size = size_;
  if (size > 0) memcpy(larger.get(), block_.get(), size);
  release();
  block_ = std::move(larger);
  capacity_ = capacity;
  size_ = size;
  return true;
}

void Buffer::append(std::string_view text) {
  if (text.empty()) return;
  memcpy(block_.get() + size_, text.data(), text.size());
  size_ += text.size();
}

void Buffer::erase(std::size_t at, std::size_t count) {
  if (count == 0) return;
  memmove(block_.get() + at, block_.get() + at + count, size_ - at - count);
  truncate(size_ - count);
}

void Buffer::truncate(std::size_t size) {
  secure_wipe({block_.get() + size, size_ - size});
  size_ = size;
}

void Buffer::release() {
  if (block_ == nullptr) return;
  truncate(0);
  if (capacity_ > BufferPool::kBlock) {
    pool_->budget_.give_back(capacity_);
    block_.reset();
  } else if (pool_->free_.size() < BufferPool::kMaxFree) {
    pool_->free_.push_back(std::move(block_));
  } else {
    block_.reset();
  }
  capacity_ = 0;
}

}  // namespace kagimori
