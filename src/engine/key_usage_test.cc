#include "engine/key_usage.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

UsedKey key(std::uint8_t number) {
  UsedKey used;
  used.account = "111122223333";
  used.row.bytes[0] = number;
  return used;
}

TEST(KeyUsage, OnlyCryptographicOperationsCount) {
  for (const char* operation : {"Encrypt", "Decrypt", "ReEncrypt", "Sign", "VerifyMac", "Decapsulate"}) {
    EXPECT_TRUE(counts_as_use(operation)) << operation;
  }
  for (const char* operation : {"GetPublicKey", "DescribeKey", "GenerateRandom", "CreateGrant", "DisableKey"}) {
    EXPECT_FALSE(counts_as_use(operation)) << operation;
  }
}

TEST(KeyUsage, AWorkerKeepsTheLastUseOfEachKey) {
  WorkerUsages worker;
  worker.note(key(1), "Encrypt", Timestamp{10}, "event 1", "request 1");
  worker.note(key(2), "Sign", Timestamp{20}, "event 2", "request 2");
  worker.note(key(1), "Decrypt", Timestamp{30}, "event 3", "request 3");
  ASSERT_EQ(worker.size(), 2U);
  KeyUsages taken = worker.take();
  EXPECT_EQ(worker.size(), 0U);
  const KeyLastUsage& first = taken.at(key(1).row);
  EXPECT_EQ(first.operation, "Decrypt");
  EXPECT_EQ(first.when, Timestamp{30});
  EXPECT_EQ(first.event_id, "event 3");
  EXPECT_EQ(first.request_id, "request 3");
  EXPECT_EQ(first.account, "111122223333");
}

TEST(KeyUsage, TheNewestOfAllWorkersWins) {
  GatheredUsages gathered;
  WorkerUsages first, second;
  first.note(key(1), "Encrypt", Timestamp{30}, "e", "r");
  second.note(key(1), "Decrypt", Timestamp{20}, "e", "r");
  gathered.add(first.take());
  gathered.add(second.take());
  EXPECT_EQ(gathered.find(key(1).row)->operation, "Encrypt");
  EXPECT_FALSE(gathered.find(key(2).row));
}

TEST(KeyUsage, WhatIsUsedWhileItIsStoredStays) {
  GatheredUsages gathered;
  WorkerUsages worker;
  worker.note(key(1), "Encrypt", Timestamp{10}, "e", "r");
  worker.note(key(2), "Encrypt", Timestamp{10}, "e", "r");
  gathered.add(worker.take());
  const auto stored = gathered.some(10);
  EXPECT_EQ(gathered.some(1).size(), 1U);
  ASSERT_EQ(stored.size(), 2U);
  worker.note(key(2), "Decrypt", Timestamp{11}, "e", "r");
  gathered.add(worker.take());
  gathered.remove(stored);
  EXPECT_FALSE(gathered.find(key(1).row));
  EXPECT_EQ(gathered.find(key(2).row)->operation, "Decrypt");
  gathered.remove(gathered.some(10));
  EXPECT_TRUE(gathered.empty());
}

}  // namespace
}  // namespace kagimori
