#include "audit/range_proof.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/sequencer_test.h"

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

class RangeProofTest : public SequencerTest {
 protected:
  static std::string line(std::uint64_t number) { return fmt::format("{{\"event\":{}}}", number); }
  Checkpoint newest() { return sequencer_->latest().checkpoint; }
  bool holds(const RangeProof& proof, std::uint64_t first, std::uint64_t events) {
    RangeCheck check(*crypto_, proof);
    for (std::uint64_t i = 0; i < events; ++i) check.add(line(first + i));
    return check.leads_to(newest().size, newest().root);
  }
};

TEST_F(RangeProofTest, EveryRangeOfALogIsProved) {
  open();
  append(21);
  ASSERT_TRUE(sequencer_->sign_now());
  for (std::uint64_t first = 0; first < 21; ++first) {
    for (std::uint64_t events = 1; first + events <= 21; ++events) {
      const auto proof = prove_range(*crypto_, folder_, first, events);
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(holds(*proof, first, events)) << first << " " << events;
      const auto again = parse_range_proof(format_range_proof(*proof));
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(holds(*again, first, events));
      EXPECT_EQ(again->checkpoint, proof->checkpoint);
      EXPECT_FALSE(holds(*proof, first, events - 1)) << "the last is missing";
      EXPECT_FALSE(holds(*proof, first, events + 1)) << "one too many";
      EXPECT_FALSE(holds(*proof, first + 1, events)) << "others";
    }
  }
}

TEST_F(RangeProofTest, AcrossTilesAndSegments) {
  open();
  append(1000);
  ASSERT_TRUE(sequencer_->sign_now());
  for (const std::uint64_t first : {0, 1, 255, 256, 511, 700}) {
    for (const std::uint64_t events : {1, 44, 256, 300}) {
      const auto proof = prove_range(*crypto_, folder_, first, events);
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(holds(*proof, first, events)) << first << " " << events;
    }
  }
}

TEST_F(RangeProofTest, NothingElsePasses) {
  open();
  append(21);
  ASSERT_TRUE(sequencer_->sign_now());
  RangeProof proof = prove_range(*crypto_, folder_, 5, 6).value();
  ASSERT_TRUE(holds(proof, 5, 6));
  for (std::vector<Hash>* const hashes : {&proof.before, &proof.after}) {
    for (Hash& hash : *hashes) {
      hash[7] ^= 1;
      EXPECT_FALSE(holds(proof, 5, 6));
      hash[7] ^= 1;
    }
  }
  RangeCheck check(*crypto_, proof);
  for (const std::uint64_t number : {5, 6, 8, 7, 9, 10}) check.add(line(number));
  EXPECT_FALSE(check.leads_to(newest().size, newest().root)) << "reordered";
  EXPECT_FALSE(prove_range(*crypto_, folder_, 0, 0));
  EXPECT_FALSE(prove_range(*crypto_, folder_, 21, 1));
  EXPECT_FALSE(prove_range(*crypto_, folder_, 20, 2));
  EXPECT_FALSE(prove_range(*crypto_, folder_, 1, UINT64_MAX));
}

TEST(RangeProofText, RefusesWhatIsNone) {
  const std::string head = "kagimori/range-proof@v1\n";
  const std::string hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  EXPECT_TRUE(parse_range_proof(head + "first 1\nevents 2\n" + hash + "\nnote"));
  for (const auto& [text, why] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "first line"},
           {head, "\"first NUMBER\" is missing"},
           {head + "first x\n", "no number"},
           {head + "first 01\n", "no number"},
           {head + "first 1\n", "\"events NUMBER\" is missing"},
           {head + "first 1\nevents 0\n", "its range is none"},
           {head + "first 18446744073709551615\nevents 2\n", "its range is none"},
           {head + "first 3\nevents 2\n" + hash + "\n", "too few hashes"},
           {head + "first 1\nevents 2\nAAAA\n\n", "not the base64"},
           {head + "first 0\nevents 2\n" +
                [&] {
                  std::string many;
                  for (int i = 0; i < 64; ++i) many += hash;
                  return many;
                }() +
                "\n",
            "too many hashes"}}) {
    const auto proof = parse_range_proof(text);
    ASSERT_FALSE(proof) << text;
    EXPECT_THAT(proof.error().message, HasSubstr(why));
  }
}

}  // namespace
}  // namespace kagimori::audit
