#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"
#include "crypto/context.h"

namespace kagimori {

// OpenSSL's CTR-DRBG (AES-256, SP 800-90A) of the thread's library context. Belongs to the thread of its CryptoContext,
// which must outlive it. A generator that fails stops the process: a key management service must not go on without.
class OpensslRandom final : public RandomSource {
 public:
  explicit OpensslRandom(CryptoContext& crypto);
  ~OpensslRandom() override;
  OpensslRandom(const OpensslRandom&) = delete;
  OpensslRandom& operator=(const OpensslRandom&) = delete;

  // Served from a pool that is drawn in batches of about 4 KiB. Used bytes are wiped from the pool, and a forked child
  // finds it empty (the kernel wipes its page), so that parent and child never draw the same bytes.
  void fill_public(std::span<std::uint8_t> out) override;
  // Straight from the private generator, never pooled.
  void fill_private(std::span<std::uint8_t> out) override;

 private:
  struct Pool;

  CryptoContext& crypto_;
  Pool* pool_ = nullptr;  // a page of its own; null where the kernel can't wipe pages on fork
};

}  // namespace kagimori
