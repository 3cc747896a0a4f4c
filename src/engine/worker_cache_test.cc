#include "engine/worker_cache.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

std::string name_of(std::size_t i) { return "K|" + std::to_string(i); }

CacheEntry entry(std::string name, std::string target = "there") {
  CacheEntry made;
  made.name = std::move(name);
  made.alias_target = std::move(target);
  return made;
}

TEST(WorkerCacheTest, FindsWhatWasInserted) {
  WorkerCache cache(100);
  EXPECT_EQ(cache.find("A|x"), nullptr);
  EXPECT_EQ(cache.insert(entry("A|x", "key"))->alias_target, "key");
  ASSERT_NE(cache.find("A|x"), nullptr);
  EXPECT_EQ(cache.find("A|x")->alias_target, "key");
  EXPECT_EQ(cache.find("A|X"), nullptr);
  EXPECT_EQ(cache.find("A|"), nullptr);
}

std::shared_ptr<const KeySnapshot> key_with(std::size_t versions) {
  auto key = std::make_shared<KeySnapshot>();
  key->versions.resize(versions);
  for (VersionSnapshot& version : key->versions) version.material = SecretBytes(32);
  return key;
}

TEST(WorkerCacheTest, ReplacesAnEntryOfTheSameName) {
  WorkerCache cache(100);
  cache.insert(entry("A|x", "old"));
  cache.insert(entry("A|x", "new"));
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.find("A|x")->alias_target, "new");
}

TEST(WorkerCacheTest, NeverHoldsMoreThanItsCapacity) {
  WorkerCache cache(16);
  for (std::size_t i = 0; i < 100; ++i) {
    cache.insert(entry(name_of(i)));
    EXPECT_LE(cache.size(), 16u);
  }
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(cache.find(name_of(i)) != nullptr, i >= 84) << i;
}

TEST(WorkerCacheTest, DropsTheLeastRecentlyUsed) {
  WorkerCache cache(16);
  for (std::size_t i = 0; i < 16; ++i) cache.insert(entry(name_of(i)));
  ASSERT_NE(cache.find(name_of(0)), nullptr);  // now the most recent
  cache.insert(entry("new"));
  EXPECT_NE(cache.find(name_of(0)), nullptr);
  EXPECT_EQ(cache.find(name_of(1)), nullptr);
}

TEST(WorkerCacheTest, HasRoomForOneRequestWhateverIsAsked) {
  WorkerCache cache(0);
  for (std::size_t i = 0; i < 16; ++i) cache.insert(entry(name_of(i)));
  EXPECT_EQ(cache.size(), 16u);
}

TEST(WorkerCacheTest, EraseTakesOneAndClearAll) {
  WorkerCache cache(100);
  cache.insert(entry("a"));
  cache.insert(entry("b"));
  cache.erase("none");
  EXPECT_EQ(cache.size(), 2u);
  cache.erase("a");
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("b"), nullptr);
  cache.clear();
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.find("b"), nullptr);
  cache.insert(entry("a"));
  EXPECT_NE(cache.find("a"), nullptr);
}

TEST(WorkerCacheTest, MayBeErasedByTheNameInItself) {
  WorkerCache cache(100);
  const CacheEntry* const held = cache.insert(entry("a rather long name that lies on the heap"));
  cache.erase(held->name);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(WorkerCacheTest, AnEvictedEntryTakesItsSecretsAlong) {
  const std::size_t before = secret_memory_status().in_use;
  WorkerCache cache(16);
  for (std::size_t i = 0; i < 64; ++i) {
    CacheEntry made = entry(name_of(i));
    made.signing_keys.push_back({"20261122", "us-east-1", "kms", SecretBytes(32)});
    cache.insert(std::move(made));
  }
  EXPECT_EQ(secret_memory_status().in_use, before + std::size_t{16} * 32);
  cache.clear();
  EXPECT_EQ(secret_memory_status().in_use, before);
}

// Else whoever asks for made-up names would empty the cache of everybody.
TEST(WorkerCacheTest, WhatIsNotThereGoesFirst) {
  WorkerCache cache(16);
  for (std::size_t i = 0; i < 15; ++i) cache.insert(entry(name_of(i)));
  for (std::size_t i = 100; i < 200; ++i) {
    cache.insert(entry(name_of(i), ""));
    ASSERT_NE(cache.find(name_of(i)), nullptr);
    ASSERT_NE(cache.find(name_of(i)), nullptr);
  }
  for (std::size_t i = 0; i < 15; ++i) EXPECT_NE(cache.find(name_of(i)), nullptr) << i;
  EXPECT_EQ(cache.size(), 16U);
}

TEST(WorkerCacheTest, KeysTakeNoMoreSecretMemoryThanTheirShare) {
  constexpr std::size_t kVersions = 10;
  WorkerCache cache(1000, 50 * kVersions * 32);
  for (std::size_t i = 0; i < 200; ++i) {
    CacheEntry made = entry(name_of(i));
    made.key = key_with(kVersions);
    cache.insert(std::move(made));
  }
  EXPECT_EQ(cache.size(), 50U);
  EXPECT_NE(cache.find(name_of(199)), nullptr);
  EXPECT_EQ(cache.find(name_of(149)), nullptr);
  cache.erase(name_of(199));
  cache.insert(entry("takes none"));
  EXPECT_EQ(cache.size(), 50U) << "what an entry took is free again";

  WorkerCache tiny(1000, 1);
  for (std::size_t i = 0; i < 100; ++i) {
    CacheEntry made = entry(name_of(i));
    made.key = key_with(kVersions);
    tiny.insert(std::move(made));
  }
  EXPECT_EQ(tiny.size(), 24U) << "a few are kept whatever they take";
}

TEST(WorkerCacheTest, WhoStillHoldsASnapshotLearnsThatItIsOlder) {
  CacheEntry made = entry("K|x");
  made.key = key_with(1);
  const auto held = made.key;
  EXPECT_FALSE(held->superseded.is_set());
  made.supersede();
  EXPECT_TRUE(held->superseded.is_set());
}

}  // namespace
}  // namespace kagimori
