#include "engine/import_token.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "engine/import_secret.h"
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

class ImportTokenTest : public testing::Test {
 protected:
  static ImportToken token() {
    return {{WrappingAlgorithm::kSm2, KeyPairSpec::kSm2}, sample::kTime, SecretBytes::copy_of(Bytes{1, 2, 3, 4})};
  }
  Bytes seal() { return seal_import_token(*crypto_, random_, secret_, key_, token()).value(); }
  Result<ImportToken> open(ByteView sealed) {
    return open_import_token(*crypto_, secret_, key_, sealed, sample::kTime.plus_seconds(-1));
  }
  ErrorCode refusal(ByteView sealed) {
    const auto opened = open(sealed);
    return opened ? ErrorCode::kInternal : opened.error().code;
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  CountingRandom random_;
  SecretBytes secret_ = SecretBytes::copy_of(Bytes(kImportSecretSize, 0x5a));
  Key key_ = sample::key();
};

// The layout is in callers' hands: this text never changes (docs/formats/import-token.md).
TEST_F(ImportTokenTest, IsTheGoldenText) {
  EXPECT_EQ(hex_encode(seal()),
            "0101000102030405060708090a0b0c0d0e0f2d342ee047baaee52a2d61bbdeef506068f6ef29805e"
            "62f83578c332d2e144391340");
}

TEST_F(ImportTokenTest, ComesBackAsItWas) {
  const auto opened = open(seal());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->wrapping, token().wrapping);
  EXPECT_EQ(opened->expires, sample::kTime);
  EXPECT_EQ(hex_encode(opened->private_key.expose()), "01020304");
}

TEST_F(ImportTokenTest, ExpiresAtItsDate) {
  const Bytes sealed = seal();
  const auto opened = open_import_token(*crypto_, secret_, key_, sealed, sample::kTime);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kExpiredImportToken);
}

TEST_F(ImportTokenTest, RefusesEveryFlippedBitAndTruncation) {
  const Bytes sealed = seal();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes damaged = sealed;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(refusal(damaged), ErrorCode::kInvalidImportToken) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(refusal(ByteView(sealed).first(size)), ErrorCode::kInvalidImportToken) << size;
  }
}

TEST_F(ImportTokenTest, IsOfOneKeyInOneRegion) {
  const Bytes sealed = seal();
  const Key original = key_;
  for (std::string Key::* const part : {&Key::account, &Key::region, &Key::key_id}) {
    key_ = original;
    (key_.*part).back() ^= 1;
    EXPECT_EQ(refusal(sealed), ErrorCode::kInvalidImportToken);
  }
  key_ = original;
  secret_.expose_mutable()[0] ^= 1;
  EXPECT_EQ(refusal(sealed), ErrorCode::kInvalidImportToken);
}

TEST_F(ImportTokenTest, IdsOfMaterialAreTheSameInEveryRegionOnly) {
  const Bytes material(32, 0x11);
  const auto id = [&] { return imported_material_id(*crypto_, secret_, key_, material).value(); };
  const std::string golden = "21071a43f271c93752cfd140abb9cceb7cb83935ded5a5803aca4bf2ddb9cb25";
  EXPECT_EQ(id(), golden);
  key_.region = "us-west-2";
  EXPECT_EQ(id(), golden);
  key_.key_id.back() ^= 1;
  EXPECT_NE(id(), golden);
}

}  // namespace
}  // namespace kagimori
