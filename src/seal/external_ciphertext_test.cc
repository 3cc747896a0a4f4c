#include "seal/external_ciphertext.h"

#include <fstream>

#include "base/encoding.h"

namespace kagimori {
namespace {

const CiphertextHeader kHeader{kSuiteDerivedAesGcm, "1234abcd-12ab-34cd-56ef-1234567890ab", "111122223333", 1};

ExternalParts parts(std::size_t ciphertext, std::size_t iv, std::size_t metadata) {
  return {Bytes(ciphertext, 1), Bytes(iv, 2), Bytes(16, 3), Bytes(metadata, 4)};
}

TEST(ExternalCiphertextTest, ReadsWhatItWrites) {
  for (const std::size_t metadata : {0, 1, 20}) {
    for (const std::size_t iv : {12, 16}) {
      const auto blob = write_external_ciphertext(kHeader, parts(96, iv, metadata));
      ASSERT_TRUE(blob);
      const auto header = parse_ciphertext_header(*blob);
      ASSERT_TRUE(header);
      EXPECT_EQ(header->suite, kSuiteExternal);
      EXPECT_EQ(header->key_id, kHeader.key_id);
      const auto read = parse_external_ciphertext(*blob);
      ASSERT_TRUE(read);
      EXPECT_EQ(read->ciphertext, Bytes(96, 1));
      EXPECT_EQ(read->initialization_vector, Bytes(iv, 2));
      EXPECT_EQ(read->authentication_tag, Bytes(16, 3));
      EXPECT_EQ(read->metadata, Bytes(metadata, 4));
    }
  }
}

TEST(ExternalCiphertextTest, WritesTheGoldenFile) {
  std::ifstream file(KAGIMORI_SOURCE_DIR "/src/seal/testdata/ciphertext_external.v1.hex");
  std::string hex, line;
  while (file >> line) hex += line;
  EXPECT_EQ(hex_encode(*write_external_ciphertext(kHeader, parts(96, 12, 5))), hex);
  EXPECT_TRUE(parse_external_ciphertext(*hex_decode(hex)));
}

TEST(ExternalCiphertextTest, TheLargestPlaintextFits) {
  const auto blob = write_external_ciphertext(kHeader, parts(4096 + kCiphertextOverhead, 16, 20));
  ASSERT_TRUE(blob);
  EXPECT_LE(blob->size(), 6144U);
}

TEST(ExternalCiphertextTest, RefusesPartsThatDoNotFit) {
  EXPECT_FALSE(write_external_ciphertext(kHeader, parts(96, 13, 0)));
  EXPECT_FALSE(write_external_ciphertext(kHeader, parts(96, 12, 21)));
  EXPECT_FALSE(write_external_ciphertext({1, "no key id", "111122223333", 1}, parts(96, 12, 0)));
}

TEST(ExternalCiphertextTest, RefusesEveryTruncation) {
  const Bytes blob = *write_external_ciphertext(kHeader, parts(96, 12, 5));
  for (std::size_t size = 0; size < 95; ++size) EXPECT_FALSE(parse_external_ciphertext(ByteView(blob).first(size)));
}

TEST(ExternalCiphertextTest, OneSuiteIsNotTheOther) {
  Bytes blob = *write_external_ciphertext(kHeader, parts(96, 12, 5));
  blob[1] = kSuiteDerivedAesGcm;
  EXPECT_FALSE(parse_external_ciphertext(blob));
}

}  // namespace
}  // namespace kagimori
