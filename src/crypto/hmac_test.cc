#include "crypto/hmac.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

class HmacTest : public testing::Test {
 protected:
  KeyedHmac keyed(ByteView key) { return KeyedHmac::create(*crypto_, key).value(); }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

struct Known {
  Bytes key;
  std::string_view message;
  std::string_view mac;
};

// RFC 4231 sections 4.2, 4.3 and 4.7 (a key longer than a block).
std::vector<Known> rfc4231() {
  return {{Bytes(20, 0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
          {to_bytes(as_bytes("Jefe")), "what do ya want for nothing?",
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
          {Bytes(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
}

TEST_F(HmacTest, KnownAnswersInEveryForm) {
  for (const Known& known : rfc4231()) {
    const ByteView message = as_bytes(known.message);
    EXPECT_EQ(hex_encode(hmac_sha256(*crypto_, known.key, {message})), known.mac);
    EXPECT_EQ(hex_encode(keyed(known.key).mac(message)), known.mac);
    EXPECT_EQ(hex_encode(*hmac(*crypto_, HashAlgorithm::kSha256, known.key, message)), known.mac);
  }
}

// Our composition against OpenSSL's HMAC, around every border of the block.
TEST_F(HmacTest, AgreesWithOpensslForEverySizeOfKeyAndMessage) {
  for (std::size_t key_size = 0; key_size <= 130; ++key_size) {
    Bytes key(key_size);
    for (std::size_t i = 0; i < key_size; ++i) key[i] = static_cast<std::uint8_t>(key_size * 31 + i);
    const Bytes message(key_size * 3 % 131, static_cast<std::uint8_t>(key_size));
    const Bytes expected = *hmac(*crypto_, HashAlgorithm::kSha256, key, message);
    ASSERT_EQ(to_bytes(hmac_sha256(*crypto_, key, {message})), expected) << key_size;
    ASSERT_EQ(to_bytes(keyed(key).mac(message)), expected) << key_size;
  }
}

TEST_F(HmacTest, PartsCountAsOneMessage) {
  const Bytes key(32, 1);
  KeyedHmac prf = keyed(key);
  const Mac256 whole = prf.mac(as_bytes("one message"));
  EXPECT_EQ(prf.mac({as_bytes("one "), {}, as_bytes("message")}), whole);
  EXPECT_EQ(hmac_sha256(*crypto_, key, {as_bytes("one"), as_bytes(" message")}), whole);
}

TEST_F(HmacTest, NothingOfOneMessageStaysForTheNext) {
  KeyedHmac prf = keyed(Bytes(32, 1));
  const Mac256 first = prf.mac(as_bytes("message"));
  (void)prf.mac(Bytes(777, 9));
  (void)sha256(*crypto_, as_bytes("in between, on the same scratch context"));
  EXPECT_EQ(prf.mac(as_bytes("message")), first);
  EXPECT_NE(prf.mac(ByteView{}), first);
}

TEST_F(HmacTest, KeysDoNotMix) {
  KeyedHmac a = keyed(Bytes(32, 1));
  KeyedHmac b = keyed(Bytes(32, 2));
  const Mac256 of_a = a.mac(as_bytes("m"));
  EXPECT_NE(b.mac(as_bytes("m")), of_a);
  EXPECT_EQ(a.mac(as_bytes("m")), of_a);
}

TEST_F(HmacTest, TheKeyMayBeWipedOnceKeyed) {
  Bytes key(32, 1);
  const Mac256 expected = hmac_sha256(*crypto_, key, {as_bytes("m")});
  KeyedHmac prf = keyed(key);
  key.assign(32, 0);
  EXPECT_EQ(prf.mac(as_bytes("m")), expected);
}

TEST_F(HmacTest, MovingTakesTheKeyAlong) {
  KeyedHmac a = keyed(Bytes(32, 1));
  const Mac256 expected = a.mac(as_bytes("m"));
  KeyedHmac b = std::move(a);
  EXPECT_EQ(b.mac(as_bytes("m")), expected);
  KeyedHmac c = keyed(Bytes(32, 2));
  c = std::move(b);
  EXPECT_EQ(c.mac(as_bytes("m")), expected);
  static_assert(!std::is_copy_constructible_v<KeyedHmac>);
}

TEST_F(HmacTest, EachHashGivesItsOwnMac) {
  std::vector<Bytes> macs;
  for (const auto algorithm : {HashAlgorithm::kSha1, HashAlgorithm::kSha224, HashAlgorithm::kSha256,
                               HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    const Result<Bytes> mac = hmac(*crypto_, algorithm, {}, {});
    ASSERT_TRUE(mac) << mac.error().message;
    EXPECT_EQ(mac->size(), digest_size(algorithm));
    for (const Bytes& other : macs) EXPECT_NE(*mac, other);
    macs.push_back(*mac);
  }
}

}  // namespace
}  // namespace kagimori
