#include "engine/grant_token.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "engine/cache_key.h"
#include "model/record_samples.h"

namespace kagimori {
namespace {

// Counts up: what a golden text needs.
class CountingRandom final : public RandomSource {
 public:
  void fill_public(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }
  void fill_private(std::span<std::uint8_t> out) override { fill_public(out); }

 private:
  std::uint8_t next_ = 0;
};

struct GrantTokenTest : testing::Test {
  std::string make() { return make_grant_token(*worker->crypto, random, grant, sample::kTime); }

  Grant grant = sample::grant();
  CountingRandom random;
  std::unique_ptr<EngineWorker> worker = *EngineWorker::create(0, {});
};

// The layout is in callers' hands: this text never changes (docs/formats/grant-token.md).
TEST_F(GrantTokenTest, IsTheGoldenText) {
  EXPECT_EQ(make(),
            "ATExMTEyMjIyMzMzM4CBgoOEhYaHiImKi4yNjo/MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzAAGYNprNlPAAAEC"
            "AwQFBgcICQoLDA0OD4BjRepMiyQE97bLa8axyRt1EKtLCyYbPNQikPEbwduV");
}

TEST_F(GrantTokenTest, NamesItsGrant) {
  const auto token = parse_grant_token(make());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->account, grant.account);
  EXPECT_EQ(token->row, grant.row);
  EXPECT_EQ(token->grant_id, grant.grant_id);
  EXPECT_EQ(token->issued, sample::kTime);
  EXPECT_TRUE(token->is_authentic(*worker->crypto, grant.token_key));
  EXPECT_FALSE(token->is_authentic(*worker->crypto, Bytes(32, 0x5b)));
  EXPECT_NE(make(), make());
}

TEST_F(GrantTokenTest, EveryChangedBitIsSeen) {
  const Bytes whole = *base64_decode(make());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bytes = whole;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto token = parse_grant_token(base64_encode(bytes));
    if (token) {
      EXPECT_FALSE(token->is_authentic(*worker->crypto, grant.token_key)) << bit;
    } else {
      EXPECT_EQ(token.error().code, ErrorCode::kInvalidGrantToken);
    }
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_grant_token(base64_encode(ByteView(whole).first(size)))) << size;
  }
  EXPECT_FALSE(parse_grant_token(base64_encode(whole) + "AAAA"));
  EXPECT_FALSE(parse_grant_token(""));
}

TEST_F(GrantTokenTest, IsCheckedAgainstTheCache) {
  const std::vector<std::string> tokens = {make(), make()};
  const Status missing = check_grant_tokens(*worker, tokens);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kCacheMiss);
  EXPECT_EQ(worker->missing, cache_key::grant_tokens(grant.account, grant.row, grant.grant_id));
  CacheEntry entry;
  entry.name = worker->missing;
  entry.grant_token_key = grant.token_key;
  worker->cache.insert(std::move(entry));
  EXPECT_TRUE(check_grant_tokens(*worker, tokens));
  CacheEntry gone;
  gone.name = worker->missing;
  worker->cache.insert(std::move(gone));
  EXPECT_EQ(check_grant_tokens(*worker, tokens).error().code, ErrorCode::kInvalidGrantToken);
  EXPECT_TRUE(check_grant_tokens(*worker, {}));
}

}  // namespace
}  // namespace kagimori
