#include "base/duration_counts.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kagimori {
namespace {

TEST(DurationCounts, ABucketHoldsWhatItsBoundIs) {
  EXPECT_EQ(duration_bucket(0), 0u);
  for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
    EXPECT_EQ(duration_bucket(kDurationBounds[i]), i) << "as `le` has it: up to the bound";
    EXPECT_EQ(duration_bucket(kDurationBounds[i] + 1), i + 1);
  }
}

TEST(DurationCounts, CountsAndAddsUp) {
  DurationCounts counts, others;
  for (const std::int64_t micros : {50, 51, 99'000'000, -5}) counts.add(micros);
  EXPECT_EQ(counts.count(), 4u);
  EXPECT_EQ(counts.micros, 99'000'101) << "a clock that was turned back takes nothing away";
  EXPECT_EQ(counts.buckets.front(), 2u);
  EXPECT_EQ(counts.buckets.back(), 1u);
  others.add(700);
  counts.add(others);
  EXPECT_EQ(counts.count(), 5u);
  EXPECT_EQ(counts.micros, 99'000'801);
}

TEST(SharedDurationCounts, IsForManyThreads) {
  SharedDurationCounts shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&shared] {
      for (int n = 0; n < 1000; ++n) shared.add(n);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.read().count(), 4000u);
  EXPECT_EQ(shared.read().micros, 4 * 499'500);
}

}  // namespace
}  // namespace kagimori
