#include "crypto/aead.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

std::string_view code_of(const Status& status) {
  return status ? std::string_view("success") : error_code_name(status.error().code);
}

class AeadTest : public testing::Test {
 protected:
  Bytes seal(std::initializer_list<ByteView> aad, ByteView plaintext) {
    Bytes out(plaintext.size() + kGcmTagSize);
    EXPECT_TRUE(aes256gcm_seal(*crypto_, key_, nonce_, aad, plaintext, out));
    return out;
  }
  Status open(ByteView aad, ByteView sealed, Bytes& out) {
    out.assign(sealed.size() >= kGcmTagSize ? sealed.size() - kGcmTagSize : 0, 0xee);
    return aes256gcm_open(*crypto_, key_, nonce_, aad, sealed, out);
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  Bytes key_ = Bytes(32, 1);
  Bytes nonce_ = Bytes(12, 2);
};

// "The Galois/Counter Mode of Operation", McGrew and Viega, test case 16.
TEST_F(AeadTest, KnownAnswer) {
  key_ = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  nonce_ = unhex("cafebabefacedbaddecaf888");
  const Bytes aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes plaintext = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
      "ba"
      "637b39");
  const Bytes sealed = seal({aad}, plaintext);
  EXPECT_EQ(
      hex_encode(sealed),
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a"
      "0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  Bytes opened;
  EXPECT_TRUE(open(aad, sealed, opened));
  EXPECT_EQ(opened, plaintext);
}

TEST_F(AeadTest, PartsOfTheAadCountAsOne) {
  const Bytes sealed = seal({as_bytes("one "), {}, as_bytes("context")}, as_bytes("secret"));
  EXPECT_EQ(sealed, seal({as_bytes("one context")}, as_bytes("secret")));
  Bytes opened;
  EXPECT_TRUE(open(as_bytes("one context"), sealed, opened));
  EXPECT_EQ(as_text(opened), "secret");
}

TEST_F(AeadTest, EmptyPlaintextAndEmptyAad) {
  const Bytes sealed = seal({}, {});
  Bytes opened;
  EXPECT_TRUE(open({}, sealed, opened));
  EXPECT_EQ(code_of(open(as_bytes("x"), sealed, opened)), "InvalidCiphertext");
}

TEST_F(AeadTest, WorksInPlace) {
  Bytes buffer = to_bytes(as_bytes("in the same place"));
  const std::size_t size = buffer.size();
  const Bytes apart = seal({}, buffer);
  buffer.resize(size + kGcmTagSize);
  ASSERT_TRUE(aes256gcm_seal(*crypto_, key_, nonce_, {}, ByteView(buffer).first(size), buffer));
  EXPECT_EQ(buffer, apart);
  ASSERT_TRUE(aes256gcm_open(*crypto_, key_, nonce_, {}, buffer, std::span(buffer).first(size)));
  EXPECT_EQ(as_text(ByteView(buffer).first(size)), "in the same place");
}

TEST_F(AeadTest, EveryFlippedBitIsFoundAndTheOutputWiped) {
  const Bytes sealed = seal({as_bytes("aad")}, as_bytes("twenty bytes of text"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes forged = sealed;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    Bytes opened;
    const Status status = open(as_bytes("aad"), forged, opened);
    ASSERT_EQ(code_of(status), "InvalidCiphertext") << bit;
    ASSERT_TRUE(status.error().message.empty());
    ASSERT_EQ(opened, Bytes(20, 0)) << bit;
  }
}

TEST_F(AeadTest, TheWrongKeyNonceOrAadOpensNothing) {
  const Bytes sealed = seal({as_bytes("aad")}, as_bytes("text"));
  Bytes opened;
  EXPECT_EQ(code_of(open(as_bytes("aae"), sealed, opened)), "InvalidCiphertext");
  EXPECT_EQ(code_of(open({}, sealed, opened)), "InvalidCiphertext");
  key_[31] ^= 1;
  EXPECT_EQ(code_of(open(as_bytes("aad"), sealed, opened)), "InvalidCiphertext");
  key_[31] ^= 1;
  nonce_[0] ^= 1;
  EXPECT_EQ(code_of(open(as_bytes("aad"), sealed, opened)), "InvalidCiphertext");
  nonce_[0] ^= 1;
  EXPECT_EQ(code_of(open(as_bytes("aad"), sealed, opened)), "success");  // no failure leaves a trace
}

TEST_F(AeadTest, EveryTruncationIsRefused) {
  const Bytes sealed = seal({}, as_bytes("text"));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    Bytes opened;
    ASSERT_EQ(code_of(open({}, ByteView(sealed).first(size), opened)), "InvalidCiphertext") << size;
  }
}

TEST_F(AeadTest, WrongSizesAreErrorsAndWipeTheOutput) {
  const auto seal_code = [&](std::size_t key_size, std::size_t nonce_size, std::size_t out_size) {
    Bytes out(out_size, 0xee);
    const Status status =
        aes256gcm_seal(*crypto_, Bytes(key_size, 1), Bytes(nonce_size, 2), ByteView{}, as_bytes("text"), out);
    if (!status) {
      EXPECT_EQ(out, Bytes(out_size, 0));
    }
    return code_of(status);
  };
  EXPECT_EQ(seal_code(32, 12, 20), "success");
  for (const std::size_t size : {0U, 16U, 24U, 31U, 33U, 64U}) EXPECT_EQ(seal_code(size, 12, 20), "Crypto") << size;
  for (const std::size_t size : {0U, 8U, 11U, 13U, 16U}) EXPECT_EQ(seal_code(32, size, 20), "Crypto") << size;
  for (const std::size_t size : {0U, 4U, 19U, 21U}) EXPECT_EQ(seal_code(32, 12, size), "Crypto") << size;

  const Bytes sealed = seal({}, as_bytes("text"));
  const auto open_code = [&](std::size_t key_size, std::size_t nonce_size, std::size_t out_size) {
    Bytes out(out_size, 0xee);
    const Status status = aes256gcm_open(*crypto_, Bytes(key_size, 1), Bytes(nonce_size, 2), ByteView{}, sealed, out);
    if (!status) {
      EXPECT_EQ(out, Bytes(out_size, 0));
    }
    return code_of(status);
  };
  EXPECT_EQ(open_code(32, 12, 4), "success");
  for (const std::size_t size : {0U, 16U, 31U, 33U}) EXPECT_EQ(open_code(size, 12, 4), "Crypto") << size;
  for (const std::size_t size : {0U, 11U, 13U}) EXPECT_EQ(open_code(32, size, 4), "Crypto") << size;
  for (const std::size_t size : {0U, 3U, 5U, 20U}) EXPECT_EQ(open_code(32, 12, size), "Crypto") << size;
}

TEST_F(AeadTest, MoreThanAGibibyteIsRefusedUnread) {
  std::uint8_t one = 0;
  const ByteView huge(&one, (std::size_t{1} << 30) + 1);
  Bytes out(17);
  EXPECT_EQ(code_of(aes256gcm_seal(*crypto_, key_, nonce_, huge, {}, std::span(out).first(16))), "Crypto");
}

}  // namespace
}  // namespace kagimori
