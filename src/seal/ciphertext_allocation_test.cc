// Sealing a message allocates nothing but what it appends to. Not under sanitizers, which replace the allocator.
#include <gtest/gtest.h>

#include "seal/ciphertext.h"
#include "seal/vault_test.h"

#ifndef KAGIMORI_SANITIZED

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace kagimori {
namespace {

TEST(CiphertextAllocation, SealingAllocatesNothing) {
  const auto crypto = seal_test::make_crypto();
  seal_test::CountingRandom random;
  MessageKey key = *MessageKey::create(*crypto, Bytes(32, 1));
  const CiphertextHeader header{kSuiteDerivedAesGcm, "1234abcd-12ab-34cd-56ef-1234567890ab", "111122223333", 1};
  const Bytes plaintext(4096, 2);
  Bytes out;
  out.reserve(plaintext.size() + kCiphertextOverhead);
  const std::size_t before = allocations;
  const Status sealed = key.seal(*crypto, random, header, {}, plaintext, out);
  const std::size_t after = allocations;
  ASSERT_TRUE(sealed);
  EXPECT_EQ(after - before, 0u);

  Bytes fresh;  // one allocation: room for the blob
  const std::size_t before_fresh = allocations;
  const Status sealed_fresh = key.seal(*crypto, random, header, {}, plaintext, fresh);
  const std::size_t after_fresh = allocations;
  ASSERT_TRUE(sealed_fresh);
  EXPECT_EQ(after_fresh - before_fresh, 1u);
}

}  // namespace
}  // namespace kagimori

#endif
