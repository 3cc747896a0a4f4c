#include "base/secret.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <type_traits>
#include <vector>

namespace kagimori {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(std::is_nothrow_move_assignable_v<SecretBytes>);
static_assert(!std::is_convertible_v<SecretBytes, ByteView>);
static_assert(!std::is_convertible_v<std::size_t, SecretBytes>);

// An odd size uses less than its block; each size class from the smallest on, and the sizes around its border.
const std::size_t kSizes[] = {1, 16, 31, 32, 33, 64, 100, 1024, 4096, 4097, 65'535, 65'536};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + 0x5b);
  return bytes;
}

// The secret pages as they are now, whoever owns the parts.
ByteView arena() {
  const SecretMemoryStatus status = secret_memory_status();
  return {reinterpret_cast<const std::uint8_t*>(status.begin), status.capacity};
}
bool arena_holds(ByteView what) {
  const ByteView all = arena();
  return std::search(all.begin(), all.end(), what.begin(), what.end()) != all.end();
}

TEST(SecretBytesTest, LiesInTheSecretPagesOnly) {
  for (const std::size_t size : kSizes) {
    const SecretBytes secret(size);
    const SecretMemoryStatus status = secret_memory_status();
    const auto at = reinterpret_cast<std::uintptr_t>(secret.expose().data());
    EXPECT_GE(at, status.begin) << size;
    EXPECT_LE(at + size, status.end) << size;
    EXPECT_EQ(status.end - status.begin, status.capacity);
  }
}

TEST(SecretBytesTest, BeginsAsZerosAlsoInMemoryUsedBefore) {
  for (const std::size_t size : kSizes) {
    for (int round = 0; round < 3; ++round) {
      SecretBytes secret(size);
      EXPECT_TRUE(std::ranges::all_of(secret.expose(), [](std::uint8_t b) { return b == 0; })) << size;
      std::ranges::fill(secret.expose_mutable(), std::uint8_t{0xee});
    }
  }
}

TEST(SecretBytesTest, IsWipedWhenItDies) {
  for (const std::size_t size : kSizes) {
    if (size < 16) continue;  // too short to be told from chance
    const Bytes content = pattern(size);
    const ByteView tail = ByteView(content).last(std::min<std::size_t>(size, 16));
    const std::size_t in_use = secret_memory_status().in_use;
    {
      const SecretBytes secret = SecretBytes::copy_of(content);
      ASSERT_TRUE(arena_holds(content)) << "the test would not see it otherwise";
      EXPECT_GT(secret_memory_status().in_use, in_use);
    }
    EXPECT_FALSE(arena_holds(ByteView(content).first(16))) << size;
    EXPECT_FALSE(arena_holds(tail)) << size;
    EXPECT_EQ(secret_memory_status().in_use, in_use);
  }
}

TEST(SecretBytesTest, MovesWithoutLeavingACopy) {
  const Bytes content = pattern(48);
  SecretBytes from = SecretBytes::copy_of(content);
  const std::uint8_t* const at = from.expose().data();
  SecretBytes to = std::move(from);
  EXPECT_EQ(to.expose().data(), at);
  EXPECT_EQ(to_bytes(to.expose()), content);
  EXPECT_TRUE(from.empty());
  EXPECT_TRUE(from.expose().empty());
}

TEST(SecretBytesTest, WipesWhatAMoveReplaces) {
  const Bytes old_content = pattern(64);
  SecretBytes secret = SecretBytes::copy_of(old_content);
  secret = SecretBytes::copy_of(Bytes(64, 0x11));
  EXPECT_FALSE(arena_holds(old_content));
  SecretBytes& same = secret;
  secret = std::move(same);
  EXPECT_EQ(to_bytes(secret.expose()), Bytes(64, 0x11)) << "moved into itself";
  secret = SecretBytes();
  EXPECT_TRUE(secret.empty());
}

TEST(SecretBytesTest, ACloneIsItsOwn) {
  const Bytes content = pattern(40);
  SecretBytes clone;
  {
    const SecretBytes original = SecretBytes::copy_of(content);
    clone = original.clone();
    EXPECT_NE(clone.expose().data(), original.expose().data());
  }
  EXPECT_EQ(to_bytes(clone.expose()), content);
  EXPECT_TRUE(SecretBytes().clone().empty());
}

TEST(SecretBytesTest, TruncationWipesTheRest) {
  const Bytes content = pattern(200);
  SecretBytes secret = SecretBytes::copy_of(content);
  secret.truncate(100);
  EXPECT_EQ(secret.size(), 100u);
  EXPECT_EQ(to_bytes(secret.expose()), Bytes(content.begin(), content.begin() + 100));
  EXPECT_FALSE(arena_holds(ByteView(content).subspan(100, 16)));
  secret.truncate(100);
  secret.truncate(5000);
  EXPECT_EQ(secret.size(), 100u) << "it can't grow";
  secret.truncate(0);
  EXPECT_TRUE(secret.empty());
  EXPECT_FALSE(arena_holds(ByteView(content).first(16)));
}

TEST(SecretBytesTest, EmptyTakesNoMemory) {
  const std::size_t in_use = secret_memory_status().in_use;
  const SecretBytes none;
  const SecretBytes zero(0);
  const SecretBytes copied = SecretBytes::copy_of({});
  EXPECT_TRUE(none.empty() && zero.empty() && copied.empty());
  EXPECT_EQ(secret_memory_status().in_use, in_use);
}

TEST(SecretBytesTest, ManyThreadsNeverShareABlock) {
  const std::size_t in_use = secret_memory_status().in_use;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t, &wrong] {
      const auto mark = static_cast<std::uint8_t>(t + 1);
      std::vector<SecretBytes> held;
      for (std::size_t i = 0; i < 400; ++i) {
        held.push_back(SecretBytes::copy_of(Bytes(1 + i * 7 % 600, mark)));
        if (i % 3 == 0) held.erase(held.begin());
        if (held.size() > 20) held.clear();
        for (const SecretBytes& secret : held) {
          if (!std::ranges::all_of(secret.expose(), [mark](std::uint8_t b) { return b == mark; })) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(secret_memory_status().in_use, in_use);
}

TEST(SecretBytesTest, AForkedChildSeesZeros) {
  const SecretBytes secret = SecretBytes::copy_of(pattern(4096));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool zeros = std::ranges::all_of(arena(), [](std::uint8_t b) { return b == 0; });
    _exit(zeros ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(to_bytes(secret.expose()), pattern(4096)) << "the parent keeps its own";
}

TEST(SecretMemoryTest, ALaterInitChangesNothing) {
  const SecretMemoryStatus before = secret_memory_status();
  init_secret_memory(before.capacity * 2);
  EXPECT_EQ(secret_memory_status().capacity, before.capacity);
  EXPECT_EQ(secret_memory_status().begin, before.begin);
}

TEST(SecretMemoryDeathTest, AFullArenaStopsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        std::vector<SecretBytes> held;
        for (;;) held.emplace_back(std::size_t{1} << 16);
      },
      "memory for secrets is full");
  EXPECT_DEATH(SecretBytes(std::size_t{1} << 30), "too large");
}

TEST(SecretMemoryDeathTest, GuardPagesStopAnOverrun) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const SecretMemoryStatus status = secret_memory_status();
  const auto read = [](std::uintptr_t at) { return *reinterpret_cast<const volatile std::uint8_t*>(at); };
  EXPECT_DEATH(static_cast<void>(read(secret_memory_status().begin - 1)), "");
  EXPECT_DEATH(static_cast<void>(read(secret_memory_status().end)), "");
  static_cast<void>(read(status.begin));
}

TEST(ConstantTimeEqualTest, SeesEveryDifference) {
  const Bytes a = pattern(33);
  EXPECT_TRUE(constant_time_equal(a, pattern(33)));
  EXPECT_TRUE(constant_time_equal({}, {}));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes b = a;
      b[i] = static_cast<std::uint8_t>(b[i] ^ (1 << bit));
      EXPECT_FALSE(constant_time_equal(a, b)) << i << " " << bit;
    }
  }
  EXPECT_FALSE(constant_time_equal(a, ByteView(a).first(32)));
  EXPECT_FALSE(constant_time_equal({}, ByteView(a).first(1)));
}

TEST(SecureWipeTest, LeavesZeros) {
  Bytes bytes = pattern(50);
  secure_wipe({bytes.data(), 49});
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + 49, [](std::uint8_t b) { return b == 0; }));
  EXPECT_EQ(bytes[49], pattern(50)[49]) << "not one byte more";
  secure_wipe({});
}

// Memory that large secrets have left serves small ones: a burst of one size must not starve the others for ever.
TEST(SecretBytesTest, SmallOnesFitIntoWhatLargeOnesLeft) {
  const std::size_t capacity = secret_memory_status().capacity;
  {
    std::vector<SecretBytes> large;
    while (secret_memory_has_room(capacity / 64)) large.emplace_back(capacity / 64);
  }
  std::vector<SecretBytes> small;
  while (secret_memory_has_room(32)) {
    small.emplace_back(32);
    const ByteView bytes = small.back().expose();
    ASSERT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; }));
  }
  EXPECT_GT(small.size() * 32, capacity / 2);
}

}  // namespace
}  // namespace kagimori
