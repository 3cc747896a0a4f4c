#include "engine/worker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kagimori {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(WorkerMetrics, CountsByDialectOperationAndResult) {
  WorkerMetrics metrics;
  const std::string same_text = "Encrypt";  // at another place than the literal
  metrics.count(Dialect::kAwsKms, "Encrypt", "ok", 60);
  metrics.count(Dialect::kAwsKms, same_text, "ok", 70);
  metrics.count(Dialect::kAwsKms, "Encrypt", "AccessDenied", 10);
  metrics.count(Dialect::kKagimori, "Encrypt", "ok", 5);
  metrics.count(Dialect::kAwsKms, "", "MissingAuthenticationToken", 5);
  ASSERT_EQ(metrics.operations().size(), 3u);
  const OperationCounts& encrypt = metrics.operations().front();
  EXPECT_EQ(encrypt.operation, "Encrypt");
  EXPECT_THAT(encrypt.results, UnorderedElementsAre(Pair("ok", 2), Pair("AccessDenied", 1)));
  EXPECT_EQ(encrypt.durations.count(), 3u);
  EXPECT_EQ(encrypt.durations.micros, 140);
  EXPECT_EQ(metrics.operations().back().operation, "");
}

TEST(WorkerMetrics, AddsUpTheTimeOfCryptography) {
  WorkerMetrics metrics;
  metrics.count(CryptoWork::kMac, std::chrono::nanoseconds(300));
  metrics.count(CryptoWork::kMac, std::chrono::nanoseconds(400));
  {
    const CryptoTimer timer(metrics, CryptoWork::kPool);
  }
  const CryptoTime& mac = metrics.crypto().at(static_cast<std::size_t>(CryptoWork::kMac));
  EXPECT_EQ(mac.operations, 2u);
  EXPECT_EQ(mac.time, std::chrono::nanoseconds(700));
  EXPECT_EQ(metrics.crypto().at(static_cast<std::size_t>(CryptoWork::kPool)).operations, 1u);
}

}  // namespace
}  // namespace kagimori
