#include "crypto/random.h"

#include <openssl/rand.h>
#include <sys/mman.h>

#include <algorithm>

#include "base/secret.h"
#include "crypto/openssl.h"

namespace kagimori {
namespace {

constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kMaxPooled = 256;  // larger requests gain nothing from the pool
constexpr unsigned int kStrength = 256;  // bits

void draw_public(CryptoContext& crypto, std::span<std::uint8_t> out) {
  if (RAND_bytes_ex(crypto.library(), out.data(), out.size(), kStrength) != 1) {
    openssl::stop_process("the random number generator failed");
  }
}

}  // namespace

// Fills its page. A page of zeros, as the kernel leaves it in a forked child, is an empty pool.
struct OpensslRandom::Pool {
  std::size_t left;  // unused bytes, at the end of `bytes`
  std::uint8_t bytes[kPageSize - sizeof(std::size_t)];
};

OpensslRandom::OpensslRandom(CryptoContext& crypto) : crypto_(crypto) {
  void* const page = mmap(nullptr, sizeof(Pool), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, sizeof(Pool), MADV_WIPEONFORK) != 0) {
    munmap(page, sizeof(Pool));
    return;
  }
  pool_ = static_cast<Pool*>(page);
}

OpensslRandom::~OpensslRandom() {
  if (pool_ == nullptr) return;
  secure_wipe(pool_->bytes);
  munmap(pool_, sizeof(Pool));
}

void OpensslRandom::fill_public(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  if (pool_ == nullptr || out.size() > kMaxPooled) return draw_public(crypto_, out);
  if (pool_->left < out.size()) {
    draw_public(crypto_, pool_->bytes);
    pool_->left = sizeof pool_->bytes;
  }
  const std::span<std::uint8_t> taken(pool_->bytes + sizeof pool_->bytes - pool_->left, out.size());
  std::ranges::copy(taken, out.begin());
  secure_wipe(taken);
  pool_->left -= out.size();
}

void OpensslRandom::fill_private(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  if (RAND_priv_bytes_ex(crypto_.library(), out.data(), out.size(), kStrength) != 1) {
    openssl::stop_process("the random number generator failed");
  }
}

}  // namespace kagimori
