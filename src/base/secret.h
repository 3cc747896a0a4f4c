#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace kagimori {

// The pages that plaintext key material may lie in: one mapping of fixed size between two guard pages, locked in memory
// where the limit allows, left out of core dumps and wiped in forked children.
struct SecretMemoryStatus {
  std::size_t capacity = 0;  // bytes
  std::size_t in_use = 0;    // bytes
  bool locked = false;       // mlock succeeded for all of it
  std::uintptr_t begin = 0;  // address range, so that a test can tell these pages from all others
  std::uintptr_t end = 0;
};

// Makes the pages; call once before the first SecretBytes (a later call does nothing). Default 4 MiB when never called.
// Never fails for want of locking: SecretMemoryStatus::locked tells, and the server decides by its configuration.
void init_secret_memory(std::size_t capacity);
SecretMemoryStatus secret_memory_status();
// Whether `bytes` more fit, with an eighth of the capacity left for what comes and goes.
bool secret_memory_has_room(std::size_t bytes);

// Plaintext key material. Movable, not copyable by accident, wiped on destruction, can't be printed.
// Reading needs the explicit call expose(), so that one search finds every reader.
// Any thread; one object is used by one thread at a time. When the secret pages are full the process stops: secrets
// never spill into ordinary memory. The server's caches have their shares, and ask secret_memory_has_room().
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zeros
  static SecretBytes copy_of(ByteView bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes clone() const { return copy_of(expose()); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView expose() const { return {data_, size_}; }
  std::span<std::uint8_t> expose_mutable() { return {data_, size_}; }
  // Keeps the first `size` bytes and wipes the rest; size must not exceed size().
  void truncate(std::size_t size);

 private:
  void release();

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Compares in time that depends on the sizes only.
bool constant_time_equal(ByteView a, ByteView b);
// Overwrites memory in a way the compiler keeps.
void secure_wipe(std::span<std::uint8_t> bytes);

}  // namespace kagimori
