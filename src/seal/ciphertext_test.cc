#include "seal/ciphertext.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::CountingRandom;
using seal_test::make_crypto;

constexpr std::string_view kUuid = "1234abcd-12ab-34cd-56ef-1234567890ab";
constexpr std::string_view kMultiRegionId = "mrk-0123456789abcdef0123456789abcdef";

CiphertextHeader header(std::string_view key_id = kUuid) {
  return {kSuiteDerivedAesGcm, std::string(key_id), "111122223333", 7};
}

Bytes context(std::vector<ContextPair> pairs) {
  Bytes out;
  canonical_encryption_context(pairs, out);
  return out;
}

class Ciphertext : public ::testing::Test {
 protected:
  MessageKey key(std::uint8_t fill = 0x42) {
    const Bytes material(32, fill);
    return *MessageKey::create(*crypto_, material);
  }
  Bytes sealed(std::string_view plaintext, const Bytes& aad = {}) {
    Bytes blob;
    EXPECT_TRUE(key().seal(*crypto_, random_, header(), aad, as_bytes(plaintext), blob));
    return blob;
  }
  // The plaintext, or the name of the error.
  std::string opened(const Bytes& blob, const Bytes& aad = {}) {
    const auto plaintext = key().open(*crypto_, aad, blob);
    if (plaintext) return std::string(as_text(plaintext->expose()));
    EXPECT_EQ(plaintext.error().message, "");
    return std::string(error_code_name(plaintext.error().code));
  }
  const std::string kInvalid{error_code_name(ErrorCode::kInvalidCiphertext)};

  std::unique_ptr<CryptoContext> crypto_ = make_crypto();
  CountingRandom random_;
};

TEST_F(Ciphertext, OpensWhatItSealed) {
  for (const std::size_t size : {0u, 1u, 16u, 32u, 4096u}) {
    const std::string plaintext(size, 'p');
    const Bytes blob = sealed(plaintext);
    EXPECT_EQ(blob.size(), size + kCiphertextOverhead);
    EXPECT_EQ(opened(blob), plaintext);
  }
}

TEST_F(Ciphertext, AppendsToWhatIsThere) {
  Bytes out = {1, 2, 3};
  ASSERT_TRUE(key().seal(*crypto_, random_, header(), {}, as_bytes("x"), out));
  EXPECT_EQ((Bytes{out.begin(), out.begin() + 3}), (Bytes{1, 2, 3}));
  EXPECT_EQ(opened({out.begin() + 3, out.end()}), "x");
}

TEST_F(Ciphertext, HeaderTellsKeyAndVersion) {
  for (const std::string_view id : {kUuid, kMultiRegionId}) {
    Bytes blob;
    ASSERT_TRUE(key().seal(*crypto_, random_, header(id), {}, as_bytes("x"), blob));
    const auto parsed = parse_ciphertext_header(blob);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->key_id, id);
    EXPECT_EQ(parsed->account, "111122223333");
    EXPECT_EQ(parsed->version, 7u);
    EXPECT_EQ(parsed->suite, kSuiteDerivedAesGcm);
  }
}

TEST_F(Ciphertext, TwoMessagesShareNeitherNonceNorKey) {
  const Bytes a = sealed("same"), b = sealed("same");
  EXPECT_NE((Bytes{a.begin() + 31, a.begin() + 47}), (Bytes{b.begin() + 31, b.begin() + 47}));
  EXPECT_NE((Bytes{a.begin() + 47, a.begin() + 79}), (Bytes{b.begin() + 47, b.begin() + 79}));
  EXPECT_NE((Bytes{a.begin() + 79, a.end()}), (Bytes{b.begin() + 79, b.end()}));
}

TEST_F(Ciphertext, RefusesEveryFlippedBit) {
  const Bytes aad = context({{"k", "v"}});
  const Bytes blob = sealed("plaintext", aad);
  for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
    Bytes changed = blob;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_EQ(opened(changed, aad), kInvalid) << "bit " << bit;
  }
}

TEST_F(Ciphertext, RefusesEveryOtherLength) {
  const Bytes blob = sealed("plaintext");
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_EQ(opened({blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size)}), kInvalid) << size;
  }
  Bytes longer = blob;
  longer.push_back(0);
  EXPECT_EQ(opened(longer), kInvalid);
}

TEST_F(Ciphertext, RefusesAnotherKey) {
  const Bytes blob = sealed("plaintext");
  const auto plaintext = key(0x43).open(*crypto_, {}, blob);
  ASSERT_FALSE(plaintext);
  EXPECT_EQ(plaintext.error().code, ErrorCode::kInvalidCiphertext);
}

TEST_F(Ciphertext, RefusesAnotherContext) {
  const Bytes blob = sealed("plaintext", context({{"ab", "c"}, {"d", "e"}}));
  EXPECT_EQ(opened(blob, context({{"d", "e"}, {"ab", "c"}})), "plaintext");
  for (const auto& other : std::vector<std::vector<ContextPair>>{{},
                                                                 {{"ab", "c"}},
                                                                 {{"a", "bc"}, {"d", "e"}},
                                                                 {{"ab", "c"}, {"d", "E"}},
                                                                 {{"ab", "c"}, {"d", "e"}, {"", ""}}}) {
    EXPECT_EQ(opened(blob, context(other)), kInvalid);
  }
}

// A ciphertext that two keys open is what AES-GCM alone would allow: the commitment stands against it even when the
// rest was made for the second key.
TEST_F(Ciphertext, CommitsToOneKey) {
  Bytes first, second;
  CountingRandom same_nonce_a(9), same_nonce_b(9);
  ASSERT_TRUE(key(1).seal(*crypto_, same_nonce_a, header(), {}, as_bytes("plaintext"), first));
  ASSERT_TRUE(key(2).seal(*crypto_, same_nonce_b, header(), {}, as_bytes("plaintext"), second));
  Bytes mixed = second;
  std::copy(first.begin(), first.begin() + kCiphertextHeaderSize, mixed.begin());
  EXPECT_FALSE(key(1).open(*crypto_, {}, mixed));
  EXPECT_FALSE(key(2).open(*crypto_, {}, mixed));
}

TEST_F(Ciphertext, ParsesOnlyWhatCanBeOurs) {
  const Bytes good = sealed("x");
  ASSERT_TRUE(parse_ciphertext_header(good));
  struct Case {
    const char* what;
    std::size_t at;
    Bytes bytes;
  };
  for (const Case& c :
       {Case{"format", 0, {2}}, Case{"format 0", 0, {0}}, Case{"suite 0", 1, {0}}, Case{"suite 4", 1, {4}},
        Case{"kind 0", 2, {0}}, Case{"kind 3", 2, {3}}, Case{"account of 13 digits", 19, {0, 0, 1, 0, 0, 0, 0, 0}},
        Case{"version 0", 27, {0, 0, 0, 0}}}) {
    Bytes changed = good;
    std::copy(c.bytes.begin(), c.bytes.end(), changed.begin() + static_cast<std::ptrdiff_t>(c.at));
    const auto parsed = parse_ciphertext_header(changed);
    ASSERT_FALSE(parsed) << c.what;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidCiphertext) << c.what;
    EXPECT_EQ(parsed.error().message, "") << c.what;
  }
  const Bytes too_short(good.begin(), good.begin() + kCiphertextOverhead - 1);
  EXPECT_FALSE(parse_ciphertext_header(too_short));
}

TEST_F(Ciphertext, SealRefusesHeadersThatNoCiphertextCanName) {
  const auto refused = [&](CiphertextHeader bad) {
    Bytes out = {9};
    const Status status = key().seal(*crypto_, random_, bad, {}, as_bytes("x"), out);
    return !status && status.error().code == ErrorCode::kInternal && out == Bytes{9};
  };
  for (const char* id : {"", "1234ABCD-12ab-34cd-56ef-1234567890ab", "1234abcd12ab34cd56ef1234567890ab----",
                         "1234abcd-12ab-34cd-56ef-1234567890a", "mrk-0123456789abcdef0123456789abcde",
                         "mrk-0123456789abcdef0123456789abcdeg", "alias/x"}) {
    EXPECT_TRUE(refused(header(id))) << id;
  }
  for (const char* account : {"", "11112222333", "1111222233334", "11112222333x"}) {
    CiphertextHeader bad = header();
    bad.account = account;
    EXPECT_TRUE(refused(bad)) << account;
  }
  CiphertextHeader bad = header();
  bad.version = 0;
  EXPECT_TRUE(refused(bad));
  bad = header();
  bad.suite = 2;
  EXPECT_TRUE(refused(bad));
}

TEST_F(Ciphertext, MaterialOfAnotherSizeIsRefused) {
  for (const std::size_t size : {0u, 16u, 31u, 33u}) EXPECT_FALSE(MessageKey::create(*crypto_, Bytes(size, 1))) << size;
}

TEST(EncryptionContext, IsSortedAndLengthPrefixed) {
  EXPECT_EQ(context({}), Bytes{});
  EXPECT_EQ(hex_encode(context({{"b", "2"}, {"a", "10"}})),
            "00000001"
            "61"
            "00000002"
            "3130"
            "00000001"
            "62"
            "00000001"
            "32");
  EXPECT_EQ(hex_encode(context({{"", ""}})), "0000000000000000");
  // Sorted by bytes: upper case first, the shorter of two that begin alike first.
  EXPECT_EQ(context({{"a", ""}, {"B", ""}, {"aa", ""}}), context({{"B", ""}, {"aa", ""}, {"a", ""}}));
}

TEST(EncryptionContext, ReplacesWhatWasThere) {
  Bytes out = {1, 2, 3};
  std::vector<ContextPair> none;
  canonical_encryption_context(none, out);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace kagimori
