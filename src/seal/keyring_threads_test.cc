// Several threads use the keyrings while epochs change under them. Meant for the thread sanitizer above all.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::kAccount;
using seal_test::make_crypto;
using seal_test::Vault;

constexpr int kThreads = 4;
constexpr std::int64_t kMaxAge = 10;
constexpr int kEpochs = 40;  // in all less than the hour after which old ones are deleted

void use_keyrings(Keyrings& keyrings, const std::atomic<bool>& stop, std::atomic<int>& rounds) {
  const auto crypto = make_crypto();
  const MaterialBinding binding{kAccount, "us-east-1", "object", 1, KeyAlgorithm::kAes};
  const Bytes key = {1, 2, 3};
  while (!stop.load()) {
    const auto wrapped = keyrings.wrap(*crypto, binding, as_bytes("secret"));
    ASSERT_TRUE(wrapped) << wrapped.error().message;
    const auto secret = keyrings.unwrap(*crypto, binding, *wrapped);
    ASSERT_TRUE(secret) << secret.error().message;
    ASSERT_EQ(as_text(secret->expose()), "secret");
    const auto value = keyrings.seal_record(*crypto, kAccount, Table::kKeys, key, 7, as_bytes("content"));
    ASSERT_TRUE(value);
    const StoredRecord record{key, 7, *value};
    const auto content = keyrings.open_record(*crypto, kAccount, Table::kKeys, record);
    ASSERT_TRUE(content) << content.error().message;
    ASSERT_EQ(as_text(*content), "content");
    rounds.fetch_add(1);
  }
}

TEST(KeyringThreads, WorkOnWhileEpochsChange) {
  Vault vault({.epoch_max_age_seconds = kMaxAge, .epoch_max_uses = 1'000'000});
  ASSERT_TRUE(vault.add_account(kAccount));
  std::atomic<bool> stop{false};
  std::atomic<int> rounds{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&] { use_keyrings(*vault.keyrings, stop, rounds); });
  for (int i = 0; i < kEpochs; ++i) {
    const int before = rounds.load();
    while (rounds.load() < before + kThreads && !::testing::Test::HasFailure()) std::this_thread::yield();
    vault.clock.advance_seconds(kMaxAge);
    EXPECT_TRUE(vault.keyrings->start_due_epochs(*vault.crypto));
    EXPECT_TRUE(vault.keyrings->rewrap_step(*vault.crypto, 10));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const MaterialBinding binding{kAccount, "us-east-1", "object", 1, KeyAlgorithm::kAes};
  EXPECT_EQ(vault.keyrings->wrap(*vault.crypto, binding, as_bytes("x"))->epoch, 1u + kEpochs);
}

// All threads need the same epochs at the same moment, and none of them is loaded yet.
TEST(KeyringThreads, LoadAnEpochTogether) {
  Vault vault({.epoch_max_age_seconds = 86'400, .epoch_max_uses = 200});
  ASSERT_TRUE(vault.add_account(kAccount));
  vault.reopen();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto crypto = make_crypto();
      const MaterialBinding binding{kAccount, "us-east-1", "object", 1, KeyAlgorithm::kAes};
      for (int n = 0; n < 25; ++n) EXPECT_TRUE(vault.keyrings->wrap(*crypto, binding, as_bytes("x")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  // No use was lost between them: 100, and 3 that the first process had reserved. The 200th makes a new epoch due.
  const MaterialBinding binding{kAccount, "us-east-1", "object", 1, KeyAlgorithm::kAes};
  int more = 0;
  for (std::uint32_t epoch = 1; epoch == 1 && more < 200; ++more) {
    ASSERT_TRUE(vault.keyrings->start_due_epochs(*vault.crypto));
    epoch = vault.keyrings->wrap(*vault.crypto, binding, as_bytes("x"))->epoch;
  }
  EXPECT_EQ(more, 200 - 100 - 3 + 1);
}

}  // namespace
}  // namespace kagimori
