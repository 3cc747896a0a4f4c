#include "seal/hsm_ciphertext.h"

#include <fstream>

#include "base/encoding.h"

namespace kagimori {
namespace {

const CiphertextHeader kHeader{kSuiteDerivedAesGcm, "1234abcd-12ab-34cd-56ef-1234567890ab", "111122223333", 1};

Bytes sealed(std::size_t plaintext) {
  Bytes bytes(12, 2);
  bytes.resize(12 + plaintext, 1);
  bytes.resize(12 + plaintext + 16, 3);
  return bytes;
}

TEST(HsmCiphertextTest, ReadsWhatItWrites) {
  for (const std::size_t plaintext : {1, 32, 4096}) {
    const auto blob = write_hsm_ciphertext(kHeader, sealed(plaintext));
    ASSERT_TRUE(blob);
    EXPECT_EQ(blob->size(), plaintext + 59);
    const auto header = parse_ciphertext_header(*blob);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->suite, kSuiteHsm);
    EXPECT_EQ(header->key_id, kHeader.key_id);
    EXPECT_EQ(to_bytes(*parse_hsm_ciphertext(*blob)), sealed(plaintext));
  }
}

TEST(HsmCiphertextTest, WritesTheGoldenFile) {
  std::ifstream file(KAGIMORI_SOURCE_DIR "/src/seal/testdata/ciphertext_hsm.v1.hex");
  std::string hex, line;
  while (file >> line) hex += line;
  EXPECT_EQ(hex_encode(*write_hsm_ciphertext(kHeader, sealed(5))), hex);
}

TEST(HsmCiphertextTest, AuthenticatesItsFrontAndTheContext) {
  const auto blob = write_hsm_ciphertext(kHeader, sealed(5));
  const Bytes data = *hsm_additional_data(kHeader, as_bytes("context"));
  EXPECT_EQ(as_text(ByteView(data).subspan(31)), "context");
  EXPECT_EQ(to_bytes(ByteView(data).first(31)), to_bytes(ByteView(*blob).first(31)));
}

TEST(HsmCiphertextTest, RefusesWhatCanBeNone) {
  Bytes blob = *write_hsm_ciphertext(kHeader, sealed(5));
  for (std::size_t size = 0; size < 59; ++size) EXPECT_FALSE(parse_hsm_ciphertext(ByteView(blob).first(size))) << size;
  for (const std::uint8_t suite : {kSuiteDerivedAesGcm, kSuiteExternal}) {
    blob[1] = suite;
    EXPECT_FALSE(parse_hsm_ciphertext(blob));
  }
  EXPECT_FALSE(write_hsm_ciphertext({1, "no key id", "111122223333", 1}, sealed(5)));
  EXPECT_FALSE(hsm_additional_data({1, "no key id", "111122223333", 1}, {}));
}

}  // namespace
}  // namespace kagimori
