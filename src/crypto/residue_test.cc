// Looks through all writable memory of the process for keys that a call should have left nowhere but in the secret
// pages.

#include "crypto/residue_test.h"
#include "crypto/aead.h"
#include "crypto/attestation.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/private_key.h"
#include "crypto/random.h"

namespace kagimori {
namespace {

using residue::copies_outside;

class ResidueTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef KAGIMORI_SANITIZED
    GTEST_SKIP() << "a sanitizer keeps its own copies of memory";
#endif
    random_.fill_private(key_.expose_mutable());
  }

  // The key, and what HMAC makes of it by xor with its pads.
  void expect_no_copies() const {
    for (const std::uint8_t pad : {0x00, 0x36, 0x5c}) {
      SecretBytes needle = key_.clone();
      for (std::uint8_t& byte : needle.expose_mutable()) byte ^= pad;
      needle.truncate(16);
      EXPECT_EQ(copies_outside(needle), 0) << "pad " << int{pad};
    }
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  OpensslRandom random_{*crypto_};
  SecretBytes key_{32};
};

TEST_F(ResidueTest, TheSearchFindsACopy) {
  const Bytes copy = to_bytes(key_.expose());
  EXPECT_GE(copies_outside(key_), 1);
  EXPECT_EQ(copy.size(), 32U);
}

TEST_F(ResidueTest, FreshKey) { expect_no_copies(); }

TEST_F(ResidueTest, GcmLeavesNoKey) {
  Bytes sealed(20);
  Bytes opened(4);
  ASSERT_TRUE(aes256gcm_seal(*crypto_, key_.expose(), Bytes(12), ByteView{}, as_bytes("text"), sealed));
  expect_no_copies();
  ASSERT_TRUE(aes256gcm_open(*crypto_, key_.expose(), Bytes(12), ByteView{}, sealed, opened));
  expect_no_copies();
  sealed[0] ^= 1;
  ASSERT_FALSE(aes256gcm_open(*crypto_, key_.expose(), Bytes(12), ByteView{}, sealed, opened));
  expect_no_copies();
}

TEST_F(ResidueTest, KeyedHmacHoldsNoKeyEvenWhileItLives) {
  KeyedHmac prf = KeyedHmac::create(*crypto_, key_.expose()).value();
  (void)prf.mac(as_bytes("message"));
  expect_no_copies();
}

TEST_F(ResidueTest, OneShotMacsLeaveNoKey) {
  (void)hmac_sha256(*crypto_, key_.expose(), {as_bytes("message")});
  expect_no_copies();
  ASSERT_TRUE(hmac(*crypto_, HashAlgorithm::kSha384, key_.expose(), as_bytes("message")));
  expect_no_copies();
}

TEST_F(ResidueTest, KdfsLeaveNeitherKeyNorDerivedKey) {
  KeyedHmac prf = KeyedHmac::create(*crypto_, Bytes(32, 1)).value();
  kbkdf_counter(prf, as_bytes("label"), as_bytes("context"), key_.expose_mutable());
  expect_no_copies();
  SecretBytes derived(32);
  ASSERT_TRUE(hkdf(*crypto_, HashAlgorithm::kSha256, key_.expose(), {}, {}, derived.expose_mutable()));
  expect_no_copies();
  key_ = std::move(derived);
  expect_no_copies();
}

TEST_F(ResidueTest, KeyWrapLeavesNeitherKekNorKey) {
  SecretBytes kek(32);
  random_.fill_private(kek.expose_mutable());
  const Bytes kw = aes_kw_wrap(*crypto_, kek.expose(), key_.expose()).value();
  const Bytes kwp = aes_kwp_wrap(*crypto_, kek.expose(), key_.expose()).value();
  expect_no_copies();
  ASSERT_TRUE(aes_kw_unwrap(*crypto_, kek.expose(), kw));
  ASSERT_TRUE(aes_kwp_unwrap(*crypto_, kek.expose(), kwp));
  expect_no_copies();
  key_ = std::move(kek);
  expect_no_copies();
}

TEST_F(ResidueTest, EnvelopesLeaveNoPlaintext) {
  const PrivateKey recipient = PrivateKey::generate(*crypto_, KeyPairSpec::kRsa2048).value();
  ASSERT_TRUE(envelope_for_recipient(*crypto_, recipient.spki().value(), key_.expose()));
  expect_no_copies();
}

TEST_F(ResidueTest, ThePublicPoolForgetsWhatItGave) {
  random_.fill_public(key_.expose_mutable());
  expect_no_copies();
}

}  // namespace
}  // namespace kagimori
