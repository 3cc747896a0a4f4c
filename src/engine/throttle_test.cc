#include "engine/throttle.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kagimori {
namespace {

constexpr RequestRates kRates{.cryptographic = 10, .asymmetric = 1, .reads = 3};
constexpr std::string_view kAccount = "111122223333";
constexpr Timestamp kStart{1'700'000'000'000'000};

class ThrottleTest : public testing::Test {
 protected:
  int passed(int requests, Timestamp now, RequestFamily family = RequestFamily::kCryptographic,
             std::string_view account = kAccount, std::string_view region = "us-east-1") {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += throttle_.admit(known_, family, account, region, now) ? 1 : 0;
    return count;
  }

  Throttle throttle_{kRates};
  Throttle::Known known_;
};

TEST_F(ThrottleTest, SoManyAtOnceAndThenSoManyASecond) {
  EXPECT_EQ(passed(100, kStart), 10);
  EXPECT_EQ(passed(100, {kStart.micros + 99'999}), 0);
  EXPECT_EQ(passed(100, {kStart.micros + 100'000}), 1);
  EXPECT_EQ(passed(100, {kStart.micros + 600'000}), 5);
  EXPECT_EQ(passed(100, kStart.plus_seconds(1)), 4);
  EXPECT_EQ(passed(100, kStart.plus_seconds(3'600)), 10);
}

TEST_F(ThrottleTest, TheRefusalIsThrottling) {
  EXPECT_EQ(passed(10, kStart), 10);
  const Status refused = throttle_.admit(known_, RequestFamily::kCryptographic, kAccount, "us-east-1", kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kThrottling);
}

TEST_F(ThrottleTest, FamiliesAccountsAndRegionsHaveBucketsOfTheirOwn) {
  EXPECT_EQ(passed(100, kStart), 10);
  EXPECT_EQ(passed(100, kStart, RequestFamily::kReads), 3);
  EXPECT_EQ(passed(100, kStart, RequestFamily::kAsymmetric), 1);
  EXPECT_EQ(passed(100, kStart, RequestFamily::kCryptographic, "444455556666"), 10);
  EXPECT_EQ(passed(100, kStart, RequestFamily::kCryptographic, kAccount, "eu-central-1"), 10);
}

TEST_F(ThrottleTest, ARateOfZeroLetsEverythingPass) {
  EXPECT_EQ(passed(1'000, kStart, RequestFamily::kChanges), 1'000);
}

TEST_F(ThrottleTest, AClockThatIsSetBackStopsNobodyForLong) {
  EXPECT_EQ(passed(100, kStart.plus_days(1)), 10);
  EXPECT_EQ(passed(100, kStart), 10);
}

TEST_F(ThrottleTest, WorkersShareTheBuckets) {
  std::atomic<int> count = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&] {
        Throttle::Known known;
        for (int n = 0; n < 1'000; ++n) {
          if (throttle_.admit(known, RequestFamily::kCryptographic, kAccount, "us-east-1", kStart)) ++count;
        }
      });
    }
  }
  EXPECT_EQ(count, 10);
}

TEST(RequestFamilyTest, OfEachKindOfOperation) {
  EXPECT_EQ(request_family(KmsOperation::kEncrypt), RequestFamily::kCryptographic);
  EXPECT_EQ(request_family(KmsOperation::kGenerateRandom), RequestFamily::kCryptographic);
  EXPECT_EQ(request_family(KmsOperation::kVerifyMac), RequestFamily::kCryptographic);
  EXPECT_EQ(request_family(KmsOperation::kSign), RequestFamily::kAsymmetric);
  EXPECT_EQ(request_family(KmsOperation::kGenerateDataKeyPair), RequestFamily::kDataKeyPairs);
  EXPECT_EQ(request_family(KmsOperation::kGetPublicKey), RequestFamily::kReads);
  EXPECT_EQ(request_family(KmsOperation::kDescribeKey), RequestFamily::kReads);
  EXPECT_EQ(request_family(KmsOperation::kCreateKey), RequestFamily::kChanges);
  EXPECT_EQ(request_family(KmsOperation::kDeleteCustomKeyStore), RequestFamily::kChanges);
}

}  // namespace
}  // namespace kagimori
