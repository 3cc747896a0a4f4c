#include "engine/key_counter.h"

#include <gtest/gtest.h>

#include "engine/identity_house_test.h"

namespace kagimori {
namespace {

constexpr std::string_view kRegion = "us-east-1";

class KeyCounterTest : public testing::Test {
 protected:
  // Only how many rows there are matters to the counter, so these need no content.
  void add_rows(std::string_view account, std::string_view region, std::size_t first, std::size_t count) {
    Batch batch;
    const auto read = *house_.store->read();
    for (std::size_t i = first; i < first + count; ++i) {
      batch.writes.push_back({Table::kKeyIds, record_key::key_id(account, region, std::to_string(i)),
                              read->store_revision() + 1, Bytes{1}});
    }
    ASSERT_TRUE(house_.store->commit_and_wait(std::move(batch)));
  }
  std::size_t count(std::string_view account, std::string_view region = kRegion) {
    const auto read = *house_.store->read();
    RecordReader reader(*house_.crypto, *house_.keyrings, *read);
    const auto counted = counter_.count(reader, account, region);
    EXPECT_TRUE(counted);
    return counted ? *counted : 0;
  }

  engine_test::IdentityHouse house_;
  KeyCounter counter_;
};

TEST_F(KeyCounterTest, CountsOneAccountAndRegion) {
  add_rows("100000000001", kRegion, 0, 3);
  add_rows("100000000002", kRegion, 0, 5);
  add_rows("100000000001", "us-east-2", 0, 7);
  EXPECT_EQ(count("100000000001"), 3u);
  EXPECT_EQ(count("100000000002"), 5u);
  EXPECT_EQ(count("100000000001", "us-east-2"), 7u);
  EXPECT_EQ(count("100000000003"), 0u);
}

TEST_F(KeyCounterTest, CountsOverPages) {
  add_rows("100000000001", kRegion, 0, 4096);
  EXPECT_EQ(count("100000000001"), 4096u);
  add_rows("100000000002", kRegion, 0, 4097);
  EXPECT_EQ(count("100000000002"), 4097u);
}

TEST_F(KeyCounterTest, IsKeptUpByCommitsOnceItHasCounted) {
  counter_.add("100000000001", kRegion, 1);  // before the first count: the store will tell
  add_rows("100000000001", kRegion, 0, 2);
  EXPECT_EQ(count("100000000001"), 2u);
  counter_.add("100000000001", kRegion, 1);
  EXPECT_EQ(count("100000000001"), 3u);
  counter_.add("100000000001", kRegion, -2);
  EXPECT_EQ(count("100000000001"), 1u);
  counter_.add("100000000001", "us-east-2", 5);
  EXPECT_EQ(count("100000000001"), 1u);
}

}  // namespace
}  // namespace kagimori
