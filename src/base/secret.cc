#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace kagimori {
namespace {

constexpr std::size_t kDefaultCapacity = std::size_t{4} << 20;
constexpr std::size_t kMinBlock = 32;
constexpr std::size_t kSizeClasses = 20;  // 32 bytes ... 16 MiB

// Power-of-two blocks carved from one mapping; freed blocks go to a list of their size, and are split when nothing
// smaller is left: key material comes in few sizes, and a simple allocator is one that can be read.
class SecretArena {
 public:
  explicit SecretArena(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    capacity_ = (capacity + page - 1) / page * page;
    void* base = mmap(nullptr, capacity_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) die("cannot map memory for secrets");
    begin_ = static_cast<std::uint8_t*>(base) + page;
    if (mprotect(begin_, capacity_, PROT_READ | PROT_WRITE) != 0) die("cannot open memory for secrets");
    madvise(begin_, capacity_, MADV_DONTDUMP);
    madvise(begin_, capacity_, MADV_WIPEONFORK);
    locked_ = mlock(begin_, capacity_) == 0;
  }

  std::uint8_t* allocate(std::size_t size, std::size_t* capacity) {
    const std::size_t block = std::bit_ceil(size < kMinBlock ? kMinBlock : size);
    const std::size_t size_class = static_cast<std::size_t>(std::countr_zero(block)) - 5;
    if (size_class >= kSizeClasses) die("a secret is too large");
    const std::lock_guard lock(mutex_);
    std::uint8_t* result = take_free(size_class);
    if (result == nullptr && block <= capacity_ - used_) {
      result = begin_ + used_;
      used_ += block;
    }
    if (result == nullptr) result = split_larger(size_class);
    if (result == nullptr) die("the memory for secrets is full; raise memory.secret_bytes");
    in_use_ += block;
    *capacity = block;
    return result;
  }

  void free(std::uint8_t* data, std::size_t block) {
    explicit_bzero(data, block);
    const std::size_t size_class = static_cast<std::size_t>(std::countr_zero(block)) - 5;
    const std::lock_guard lock(mutex_);
    put_free(data, size_class);
    in_use_ -= block;
  }

  SecretMemoryStatus status() {
    const std::lock_guard lock(mutex_);
    const auto begin = reinterpret_cast<std::uintptr_t>(begin_);
    return {capacity_, in_use_, locked_, begin, begin + capacity_};
  }

 private:
  std::uint8_t* take_free(std::size_t size_class) {
    std::uint8_t* const block = free_[size_class];
    if (block == nullptr) return nullptr;
    memcpy(&free_[size_class], block, sizeof(std::uint8_t*));
    memset(block, 0, kMinBlock);
    return block;
  }
  void put_free(std::uint8_t* block, std::size_t size_class) {
    memcpy(block, &free_[size_class], sizeof(std::uint8_t*));
    free_[size_class] = block;
  }
  // The first part of a larger block; the rest of it becomes free blocks of the sizes between.
  std::uint8_t* split_larger(std::size_t size_class) {
    for (std::size_t larger = size_class + 1; larger < kSizeClasses; ++larger) {
      std::uint8_t* const block = take_free(larger);
      if (block == nullptr) continue;
      for (std::size_t part = larger; part-- > size_class;) put_free(block + (kMinBlock << part), part);
      return block;
    }
    return nullptr;
  }
  [[noreturn]] static void die(const char* why) {
    std::fprintf(stderr, "{\"level\":\"fatal\",\"message\":\"%s\"}\n", why);
    std::abort();
  }

  std::mutex mutex_;
  std::uint8_t* begin_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::size_t in_use_ = 0;
  bool locked_ = false;
  std::array<std::uint8_t*, kSizeClasses> free_{};
};

std::size_t requested_capacity = kDefaultCapacity;

// Never destroyed: secrets in static objects may outlive any other static.
SecretArena& arena() {
  static SecretArena* const instance = new SecretArena(requested_capacity);
  return *instance;
}

}  // namespace

void init_secret_memory(std::size_t capacity) {
  requested_capacity = capacity;
  arena();
}

SecretMemoryStatus secret_memory_status() { return arena().status(); }

bool secret_memory_has_room(std::size_t bytes) {
  const SecretMemoryStatus now = arena().status();
  const std::size_t kept = now.in_use + now.capacity / 8;
  return kept < now.capacity && bytes <= now.capacity - kept;
}

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size > 0) data_ = arena().allocate(size, &capacity_);
}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
  SecretBytes result(bytes.size());
  if (!bytes.empty()) memcpy(result.data_, bytes.data(), bytes.size());
  return result;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { release(); }

void SecretBytes::release() {
  if (data_ != nullptr) arena().free(data_, capacity_);
  data_ = nullptr;
}

void SecretBytes::truncate(std::size_t size) {
  if (size >= size_) return;
  explicit_bzero(data_ + size, size_ - size);
  size_ = size;
}

bool constant_time_equal(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = difference | static_cast<std::uint8_t>(a[i] ^ b[i]);
  return difference == 0;
}

void secure_wipe(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace kagimori
