#include "audit/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checkpoint.h"
#include "audit/proof_text.h"
#include "audit/verifier.h"

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

// The example of golang.org/x/mod/sumdb/note, from which C2SP took the format.
constexpr std::string_view kVerifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

class SignedNoteTest : public testing::Test {
 protected:
  SignedNoteTest() : crypto_(CryptoContext::create().value()) {}
  NoteSigner signer(std::string name) {
    return *NoteSigner::create(*crypto_, std::move(name), *PrivateKey::generate(*crypto_, KeyPairSpec::kEd25519));
  }
  std::unique_ptr<CryptoContext> crypto_;
};

TEST_F(SignedNoteTest, ReadsAKnownNote) {
  const auto key = NoteVerifier::parse(*crypto_, kVerifier);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->line(), kVerifier);
  const auto note = parse_signed_note(kNote);
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_TRUE(note->text.ends_with("problem is.\n"));
  std::vector<NoteVerifier> keys;
  keys.push_back(*NoteVerifier::parse(*crypto_, kVerifier));
  EXPECT_EQ((*signer_of(*crypto_, *note, keys))->name(), "PeterNeumann");
}

TEST_F(SignedNoteTest, WhatItSignsIsRead) {
  const NoteSigner one = signer("log"), other = signer("log");
  const std::string text = *one.sign(*crypto_, "a\n\nb\n");
  const SignedNote note = *parse_signed_note(text);
  EXPECT_EQ(note.text, "a\n\nb\n");
  std::vector<NoteVerifier> keys;
  keys.push_back(*NoteVerifier::parse(*crypto_, other.verifier().line()));
  EXPECT_EQ(*signer_of(*crypto_, note, keys), nullptr) << "of another key";
  keys.push_back(*NoteVerifier::parse(*crypto_, one.verifier().line()));
  EXPECT_EQ((*signer_of(*crypto_, note, keys))->id(), one.verifier().id());
}

TEST_F(SignedNoteTest, AChangedNoteIsRefused) {
  const NoteSigner key = signer("log");
  std::vector<NoteVerifier> keys;
  keys.push_back(*NoteVerifier::parse(*crypto_, key.verifier().line()));
  const std::string text = *key.sign(*crypto_, "origin\n17\n");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto note = parse_signed_note(changed);
    if (!note) continue;
    const auto found = signer_of(*crypto_, *note, keys);
    EXPECT_TRUE(!found || *found == nullptr) << at << ": " << changed;
  }
}

TEST_F(SignedNoteTest, WhatIsNoNoteIsRefused) {
  const std::string line = std::string(kNote.substr(kNote.rfind("\n\n") + 2));
  for (const std::string& text :
       {std::string(), std::string("text\n"), "text\n" + line, std::string("text\n\n"), "text\n\n" + line + "\n",
        "text\n\nx " + line, "text\n\n" + line.substr(0, line.size() - 1), std::string("text\n\n\u2014 a b\n"),
        std::string("\xff\n\n") + line, std::string("text\n\n\u2014  AAAAAAAA\n")}) {
    const auto note = parse_signed_note(text);
    EXPECT_FALSE(note) << text;
  }
}

TEST_F(SignedNoteTest, WhatIsNoKeyIsRefused) {
  for (const std::string_view line :
       {"", "a", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpcWQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2Qc=", "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"}) {
    const auto key = NoteVerifier::parse(*crypto_, line);
    ASSERT_FALSE(key) << line;
    EXPECT_THAT(key.error().message, HasSubstr("public key of an audit log"));
  }
}

TEST_F(SignedNoteTest, KeysFollowEachOther) {
  const NoteSigner a = signer("log"), b = signer("log"), c = signer("log"), thief = signer("log");
  const auto change = [this](const NoteSigner& by, int number, const NoteSigner& next) {
    return *by.sign(*crypto_, "log/key-change\n" + std::to_string(number) + "\n" + next.verifier().line() + "\n") +
           "\n";
  };
  const std::string changes = change(a, 2, b) + change(b, 3, c);
  EXPECT_EQ(split_notes(changes).size(), 2u);
  EXPECT_EQ(follow_keys(*crypto_, a.verifier().line() + "\n", changes)->size(), 3u);
  EXPECT_EQ(follow_keys(*crypto_, b.verifier().line(), changes)->size(), 2u);
  EXPECT_EQ(follow_keys(*crypto_, c.verifier().line(), changes)->size(), 1u);
  EXPECT_EQ(follow_keys(*crypto_, a.verifier().line(), change(thief, 2, thief) + changes)->size(), 3u);
  EXPECT_EQ(follow_keys(*crypto_, a.verifier().line(), "")->size(), 1u);
  EXPECT_FALSE(follow_keys(*crypto_, "\n", changes));
}

TEST(CheckpointTest, IsWrittenAndRead) {
  Checkpoint checkpoint{"example.com/log", 17, {}};
  checkpoint.root[0] = 1;
  const std::string text = checkpoint_text(checkpoint);
  EXPECT_EQ(text, "example.com/log\n17\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
  EXPECT_EQ(*parse_checkpoint(text), checkpoint);
  EXPECT_EQ(*parse_checkpoint(text + "extension\n"), checkpoint);
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse_checkpoint(text.substr(0, size))) << size;
  for (const std::string_view bad : {"a\n017\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                                     "a\n-1\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                                     "a\n18446744073709551616\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                                     "a\n1\nAQ==\n", "\n1\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"}) {
    EXPECT_FALSE(parse_checkpoint(bad)) << bad;
  }
}

TEST(ProofTextTest, IsWrittenAndRead) {
  Hash one{}, two{};
  one[0] = 1;
  two[31] = 2;
  const std::string text = format_proof({17, {one, two}, std::string(kNote)});
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 17\nAQAA")) << text;
  const auto proof = parse_proof(text);
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->index, 17u);
  EXPECT_EQ(proof->hashes, (std::vector<Hash>{one, two}));
  EXPECT_EQ(proof->checkpoint, kNote);
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  EXPECT_EQ(parse_proof(head + "extra QUFB\nindex 3\n\nx")->index, 3u);
  for (const std::string& bad : {std::string(), head, std::string("index 1\n\n"), head + "index -1\n\n",
                                 head + "index 1\nAQ==\n\n", head + "index 1\n!\n\n"}) {
    EXPECT_FALSE(parse_proof(bad)) << bad;
  }
}

}  // namespace
}  // namespace kagimori::audit
