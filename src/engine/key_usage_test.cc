#include "engine/key_usage.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

RowId row(std::uint8_t number) {
  RowId id;
  id.bytes[0] = number;
  return id;
}

UsedKey key(std::uint8_t number, std::string_view operation = "Encrypt", std::uint32_t version = 1) {
  return {"111122223333", row(number), operation, version, 10};
}

UseNote use(std::int64_t when, std::string_view principal = "AIDAANN", std::string_view operation = "Encrypt") {
  return {operation, principal, "arn:ann", Timestamp{when}, "event", "request"};
}

WorkerUsages::Noted noted(std::initializer_list<std::pair<UsedKey, UseNote>> uses) {
  WorkerUsages worker;
  for (const auto& [used, note] : uses) worker.note(used, note);
  return worker.take();
}

// Stores nothing, at a revision.
GatheredUsages::Save stores_at(std::uint64_t revision, std::size_t* saved = nullptr) {
  return [revision, saved](const KeyUses& uses) -> Result<std::uint64_t> {
    if (saved != nullptr) *saved = uses.counts.size();
    return revision;
  };
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
  worker.note(key(1), use(10));
  worker.note(key(2), use(20));
  worker.note(key(1), {"Decrypt", "AIDABOB", "arn:bob", Timestamp{30}, "event 3", "request 3"});
  const WorkerUsages::Noted taken = worker.take();
  EXPECT_EQ(worker.size(), 0U);
  ASSERT_EQ(taken.last.size(), 2U);
  const KeyLastUsage& first = taken.last.at(row(1));
  EXPECT_EQ(first, (KeyLastUsage{row(1), "111122223333", "Decrypt", Timestamp{30}, "event 3", "request 3"}));
  EXPECT_TRUE(worker.take().last.empty());
}

TEST(KeyUsage, AWorkerCountsByVersionPrincipalAndOperation) {
  const WorkerUsages::Noted taken = noted({{key(1), use(10)},
                                           {key(1), use(30)},
                                           {key(1, "Decrypt"), use(20)},
                                           {key(1, "Decrypt", 2), use(21)},
                                           {key(1), use(22, "AIDABOB")},
                                           {key(2), use(23)}});
  ASSERT_EQ(taken.counts.size(), 4U);
  const KeyUseCount& count = taken.counts.at({row(1), 1, "AIDAANN"});
  EXPECT_EQ(count.operations, (std::vector<OperationUse>{{"Decrypt", 1, 10}, {"Encrypt", 2, 20}}));
  EXPECT_EQ(count.first, Timestamp{10});
  EXPECT_EQ(count.arn, "arn:ann");
  EXPECT_EQ(taken.counts.at({row(1), 2, "AIDAANN"}).operations, (std::vector<OperationUse>{{"Decrypt", 1, 10}}));
}

TEST(KeyUsage, WorkersAreAddedUp) {
  GatheredUsages gathered;
  gathered.add(noted({{key(1), use(30)}}));
  gathered.add(noted({{key(1), {"Decrypt", "AIDAANN", "arn:of-old", Timestamp{20}, "e", "r"}}}));
  const KeyUses uses = *gathered.beside(0, row(1));
  EXPECT_EQ(uses.last.at(row(1)).operation, "Encrypt");
  const KeyUseCount& count = uses.counts.begin()->second;
  EXPECT_EQ(count.operations, (std::vector<OperationUse>{{"Encrypt", 2, 20}}));
  EXPECT_EQ(count.first, Timestamp{20});
  EXPECT_EQ(count.last, Timestamp{30});
  EXPECT_EQ(count.arn, "arn:ann");
  EXPECT_TRUE(gathered.beside(0, row(2))->empty());
}

TEST(KeyUsage, WhatIsStoredIsNotBesideTheStoreAnyMore) {
  GatheredUsages gathered;
  gathered.add(noted({{key(1), use(1)}, {key(2), use(2)}, {key(3), use(3)}}));
  EXPECT_EQ(gathered.size(), 3U);
  std::size_t saved = 0;
  EXPECT_TRUE(*gathered.save_some(2, stores_at(7, &saved)));
  EXPECT_EQ(saved, 2U);
  EXPECT_EQ(gathered.size(), 1U);
  EXPECT_EQ(gathered.beside(6, row(3)).error().code, ErrorCode::kStale);
  EXPECT_FALSE(gathered.beside(7, row(3))->empty());
  EXPECT_TRUE(gathered.beside(7, row(1))->empty());
  EXPECT_TRUE(*gathered.save_some(2, stores_at(8)));
  EXPECT_FALSE(*gathered.save_some(2, stores_at(9)));
}

TEST(KeyUsage, WhatCanNotBeStoredStays) {
  GatheredUsages gathered;
  gathered.add(noted({{key(1), use(1)}}));
  const auto full = [](const KeyUses&) -> Result<std::uint64_t> { return fail(ErrorCode::kStorageFull, "full"); };
  EXPECT_EQ(gathered.save_some(2, full).error().code, ErrorCode::kStorageFull);
  gathered.add(noted({{key(1), use(2)}}));
  EXPECT_EQ(gathered.beside(0, row(1))->counts.begin()->second.operations.front().count, 2U);
  EXPECT_EQ(gathered.forgotten(), 0U);
}

// So many counts, of versions that are counted up.
WorkerUsages::Noted many(std::size_t first, std::size_t count) {
  WorkerUsages::Noted noted;
  for (std::size_t i = first; i < first + count; ++i) {
    KeyUseCount one;
    one.version = static_cast<std::uint32_t>(i);
    one.operations = {{"Encrypt", 1, 1}};
    UsageKey name = usage_key(one);
    noted.counts.emplace(std::move(name), std::move(one));
  }
  return noted;
}

TEST(KeyUsage, ThereIsABound) {
  GatheredUsages gathered;
  EXPECT_EQ(gathered.add(many(0, GatheredUsages::kMaxCounts)), GatheredUsages::kMaxCounts);
  EXPECT_TRUE(gathered.beside(0, row(9))->empty());  // merged
  gathered.add(noted({{key(0, "Encrypt", 3), use(1, "")}, {key(9), use(2)}, {key(9), use(3)}}));
  EXPECT_TRUE(gathered.beside(0, row(9))->counts.empty());
  EXPECT_EQ(gathered.size(), GatheredUsages::kMaxCounts);
  EXPECT_EQ(gathered.forgotten(), 2U) << "of what is known already, nothing is forgotten";
}

TEST(KeyUsage, ThereIsABoundWhereNobodyMerges) {
  GatheredUsages gathered;
  gathered.add(many(0, GatheredUsages::kMaxCounts));
  gathered.add(many(0, 5));
  EXPECT_EQ(gathered.forgotten(), 5U);
}

}  // namespace
}  // namespace kagimori
