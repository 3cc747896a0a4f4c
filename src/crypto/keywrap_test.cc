#include "crypto/keywrap.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

template <typename T>
std::string_view code_of(const Result<T>& result) {
  return result ? std::string_view("success") : error_code_name(result.error().code);
}

class KeywrapTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  const Bytes kek_ = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
};

// RFC 3394 sections 4.1 and 4.6.
TEST_F(KeywrapTest, KnownAnswersOfRfc3394) {
  const Bytes key = unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(hex_encode(*aes_kw_wrap(*crypto_, ByteView(kek_).first(16), ByteView(key).first(16))),
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
  const Bytes wrapped = *aes_kw_wrap(*crypto_, kek_, key);
  EXPECT_EQ(hex_encode(wrapped), "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  const Result<SecretBytes> unwrapped = aes_kw_unwrap(*crypto_, kek_, wrapped);
  ASSERT_TRUE(unwrapped);
  EXPECT_EQ(to_bytes(unwrapped->expose()), key);
}

// RFC 5649 section 6.
TEST_F(KeywrapTest, KnownAnswersOfRfc5649) {
  const Bytes kek = unhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
  EXPECT_EQ(hex_encode(*aes_kwp_wrap(*crypto_, kek, unhex("c37b7e6492584340bed12207808941155068f738"))),
            "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
  EXPECT_EQ(hex_encode(*aes_kwp_wrap(*crypto_, kek, unhex("466f7250617369"))), "afbeb0f07dfbf5419200f2ccb50bb24f");
}

TEST_F(KeywrapTest, KwpRoundTripsEverySize) {
  for (std::size_t size = 1; size <= 80; ++size) {
    const Bytes key(size, static_cast<std::uint8_t>(size));
    const Result<Bytes> wrapped = aes_kwp_wrap(*crypto_, kek_, key);
    ASSERT_TRUE(wrapped) << size;
    EXPECT_EQ(wrapped->size(), (size + 7) / 8 * 8 + 8);
    const Result<SecretBytes> unwrapped = aes_kwp_unwrap(*crypto_, kek_, *wrapped);
    ASSERT_TRUE(unwrapped) << size;
    EXPECT_EQ(to_bytes(unwrapped->expose()), key);
  }
}

TEST_F(KeywrapTest, LargeKeysRoundTrip) {
  const Bytes key(std::size_t{1} << 20, 7);
  EXPECT_EQ(to_bytes(aes_kw_unwrap(*crypto_, kek_, *aes_kw_wrap(*crypto_, kek_, key))->expose()), key);
  EXPECT_EQ(to_bytes(aes_kwp_unwrap(*crypto_, kek_, *aes_kwp_wrap(*crypto_, kek_, key))->expose()), key);
}

TEST_F(KeywrapTest, EveryFlippedBitIsFound) {
  const Bytes kw = *aes_kw_wrap(*crypto_, kek_, Bytes(24, 1));
  const Bytes kwp = *aes_kwp_wrap(*crypto_, kek_, Bytes(21, 1));
  for (std::size_t bit = 0; bit < 32 * 8; ++bit) {
    const auto flipped = [bit](Bytes bytes) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      return bytes;
    };
    const Result<SecretBytes> opened = aes_kw_unwrap(*crypto_, kek_, flipped(kw));
    ASSERT_EQ(code_of(opened), "InvalidCiphertext") << bit;
    ASSERT_TRUE(opened.error().message.empty());
    ASSERT_EQ(code_of(aes_kwp_unwrap(*crypto_, kek_, flipped(kwp))), "InvalidCiphertext") << bit;
  }
}

TEST_F(KeywrapTest, OneFormDoesNotOpenTheOther) {
  EXPECT_EQ(code_of(aes_kwp_unwrap(*crypto_, kek_, *aes_kw_wrap(*crypto_, kek_, Bytes(32, 1)))), "InvalidCiphertext");
  EXPECT_EQ(code_of(aes_kw_unwrap(*crypto_, kek_, *aes_kwp_wrap(*crypto_, kek_, Bytes(32, 1)))), "InvalidCiphertext");
}

TEST_F(KeywrapTest, WrongSizesAreErrors) {
  for (const std::size_t size : {0U, 8U, 15U, 17U, 31U, 33U, 64U}) {
    const Bytes kek(size, 1);
    EXPECT_EQ(code_of(aes_kw_wrap(*crypto_, kek, Bytes(16))), "Crypto") << size;
    EXPECT_EQ(code_of(aes_kwp_wrap(*crypto_, kek, Bytes(16))), "Crypto") << size;
    EXPECT_EQ(code_of(aes_kw_unwrap(*crypto_, kek, Bytes(24))), "Crypto") << size;
    EXPECT_EQ(code_of(aes_kwp_unwrap(*crypto_, kek, Bytes(24))), "Crypto") << size;
  }
  for (const std::size_t size : {0U, 1U, 8U, 15U, 17U, 23U, 1048584U}) {
    EXPECT_EQ(code_of(aes_kw_wrap(*crypto_, kek_, Bytes(size))), "Crypto") << size;
  }
  EXPECT_EQ(code_of(aes_kwp_wrap(*crypto_, kek_, Bytes())), "Crypto");
  EXPECT_EQ(code_of(aes_kwp_wrap(*crypto_, kek_, Bytes(1048577))), "Crypto");
  for (const std::size_t size : {0U, 1U, 8U, 16U, 23U, 25U, 1048592U}) {
    EXPECT_EQ(code_of(aes_kw_unwrap(*crypto_, kek_, Bytes(size))), "InvalidCiphertext") << size;
  }
  for (const std::size_t size : {0U, 1U, 8U, 15U, 17U, 1048592U}) {
    EXPECT_EQ(code_of(aes_kwp_unwrap(*crypto_, kek_, Bytes(size))), "InvalidCiphertext") << size;
  }
}

}  // namespace
}  // namespace kagimori
