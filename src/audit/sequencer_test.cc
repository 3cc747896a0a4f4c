#include "audit/sequencer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/inbox.h"
#include "audit/sequencer_test.h"

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

TEST_F(SequencerTest, SignsWhatWasAppended) {
  open();
  EXPECT_EQ(sequencer_->latest().checkpoint.size, 0u);
  for (const int count : {1, 2, 300, 1, 700, 5000}) {
    append(count);
    const auto now = sequencer_->sign_now();
    ASSERT_TRUE(now) << now.error().message;
    EXPECT_EQ(now->checkpoint.size, static_cast<std::uint64_t>(appended_));
    EXPECT_EQ(read(folder_.checkpoint()), now->note);
    const Verification result = verify();
    EXPECT_FALSE(result.finding) << result.finding->sentence;
    EXPECT_EQ(result.events, static_cast<std::uint64_t>(appended_));
  }
  append(3);
  close();
  EXPECT_EQ(verify().checkpoint.size, static_cast<std::uint64_t>(appended_)) << "the end is signed too";
}

TEST_F(SequencerTest, GoesOnAfterARestartAtAnySize) {
  GrowingTree tree;
  for (const int count : {0, 1, 254, 1, 1, 255, 256, 257, 1000}) {
    open();
    append(count);
    for (int i = appended_ - count; i < appended_; ++i) {
      tree.append(*crypto_, leaf_hash(*crypto_, as_bytes(fmt::format("{{\"event\":{}}}", i))));
    }
    close();
    const Verification result = verify();
    EXPECT_FALSE(result.finding) << result.finding->sentence;
    EXPECT_EQ(result.checkpoint.root, tree.root(*crypto_)) << appended_;
  }
}

TEST_F(SequencerTest, WhatACrashLeftUnsignedIsSignedAtTheNextStart) {
  open();
  append(300);
  close();
  log_ = *Log::open({folder_.path, Durability::kWrite, 1000});
  append(2000);
  log_.reset();
  EXPECT_EQ(verify().unsigned_events, 2000u);
  open();
  EXPECT_EQ(sequencer_->latest().checkpoint.size, 2300u);
  close();
  EXPECT_FALSE(verify().finding);
}

TEST_F(SequencerTest, ProvesEventsAndGrowth) {
  open();
  append(700);
  const SignedCheckpoint old = *sequencer_->sign_now();
  append(900);
  CryptoContext& crypto = *crypto_;
  for (const std::uint64_t index : {0, 1, 255, 256, 699, 700, 1599}) {
    const auto proof = sequencer_->prove_inclusion(crypto, index);
    ASSERT_TRUE(proof) << proof.error().message;
    const Hash leaf = leaf_hash(crypto, as_bytes(fmt::format("{{\"event\":{}}}", index)));
    const Checkpoint& now = proof->checkpoint.checkpoint;
    EXPECT_TRUE(verify_inclusion(crypto, leaf, index, now.size, proof->hashes, now.root)) << index;
  }
  EXPECT_FALSE(sequencer_->prove_inclusion(crypto, 1600));
  const auto growth = sequencer_->prove_consistency(crypto, 700);
  ASSERT_TRUE(growth);
  const Checkpoint& now = growth->checkpoint.checkpoint;
  EXPECT_TRUE(verify_consistency(crypto, 700, old.checkpoint.root, now.size, now.root, growth->hashes));
  EXPECT_FALSE(sequencer_->prove_consistency(crypto, 1601));
  close();
  EXPECT_FALSE(verify(old.note).finding);
}

TEST_F(SequencerTest, ANewKeyIsIntroducedByTheOldOne) {
  open();
  append(10);
  const std::string old_key = sequencer_->verifiers().front();
  const std::string old_note = sequencer_->sign_now()->note;
  close();
  change([this](ReadTransaction& view) { return rotate_log_key(*crypto_, *keyrings_, view, Timestamp{2}); });
  {
    const auto view = store_->read().value();
    const auto keys = *read_log_keys(*crypto_, *keyrings_, *view);
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_TRUE(keys[0].secret.blob.empty()) << "the old secret is gone";
    EXPECT_FALSE(keys[1].secret.blob.empty());
  }
  open();
  append(10);
  ASSERT_EQ(sequencer_->verifiers().size(), 2u);
  const std::string new_key = sequencer_->verifiers().back();
  close();
  for (const std::string& given : {old_key, new_key}) {
    const auto from = given == new_key ? std::nullopt : std::optional(old_note);
    const auto result = verify_log(*crypto_, {folder_.path, given, from});
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->finding) << result->finding->sentence;
    EXPECT_EQ(result->key, new_key);
  }
}

TEST_F(SequencerTest, ALogThatIsNotTheStoresIsRefused) {
  open();
  for (const int count : {256, 256, 88}) append(count);
  close();
  const auto kept = store_.folder() / "kept";
  const auto reset = [&] {
    std::filesystem::remove_all(folder_.path);
    std::filesystem::copy(kept, folder_.path, std::filesystem::copy_options::recursive);
  };
  std::filesystem::copy(folder_.path, kept, std::filesystem::copy_options::recursive);

  write(folder_.checkpoint(), "nothing");
  EXPECT_THAT(refusal(), HasSubstr("its checkpoint is damaged"));
  reset();
  std::filesystem::remove(folder_.checkpoint());
  EXPECT_THAT(refusal(), HasSubstr("the store knows of 600 signed events, the folder of 0"));
  reset();
  const auto last = folder_.segment(512);
  std::string text = read(last);
  write(last, text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  EXPECT_THAT(refusal(), HasSubstr("it has 599 events, but 600 were signed"));
  text[12] ^= 1;
  write(last, text);
  EXPECT_THAT(refusal(), HasSubstr("not those that were signed"));
  reset();
  std::filesystem::remove(last);
  EXPECT_THAT(refusal(), HasSubstr("it has 512 events"));
  reset();
  std::filesystem::remove_all(folder_.path);
  EXPECT_THAT(refusal(), HasSubstr("kagimori audit restart"));

  // An older copy, signed by the right key.
  reset();
  open();
  append(10);
  close();
  reset();
  EXPECT_THAT(refusal(), HasSubstr("the store knows of 610 signed events, the folder of 600"));

  // Another log of the same store.
  std::filesystem::remove_all(folder_.path);
  change([this](ReadTransaction& view) { return begin_log(*crypto_, random_, *keyrings_, view, Timestamp{3}); });
  reset();
  EXPECT_THAT(refusal(), HasSubstr("not signed by the store's key"));
}

TEST_F(SequencerTest, TheInboxIsTakenInOnce) {
  open();
  const std::string line =
      R"({"eventVersion":"1.11","eventSource":"kagimori","eventName":"BackUpStore","eventType":"AwsServiceEvent","x":1})"
      "\n";
  ASSERT_TRUE(leave_in_inbox(folder_, "one", as_bytes(line)));
  take_in(*log_);
  EXPECT_EQ(*log_->tail(10'000), line);
  ASSERT_TRUE(leave_in_inbox(folder_, "again", as_bytes(line)));  // as if it could not be removed
  take_in(*log_);
  EXPECT_EQ(*log_->tail(10'000), line);
  for (const std::string& bad : {std::string("{}\n"), line + line, std::string("no json"),
                                 std::string(R"({"eventVersion":"1.11","eventSource":"kms.amazonaws.com"})"
                                             "\n")}) {
    ASSERT_TRUE(leave_in_inbox(folder_, "bad", as_bytes(bad)));
    take_in(*log_);
    EXPECT_TRUE(std::filesystem::exists(folder_.inbox() / "bad.jsonl.refused")) << bad;
    std::filesystem::remove(folder_.inbox() / "bad.jsonl.refused");
  }
  EXPECT_EQ(*log_->tail(10'000), line);
}

}  // namespace
}  // namespace kagimori::audit
