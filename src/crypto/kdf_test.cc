#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/encoding.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

namespace kagimori {
namespace {

Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

class KdfTest : public testing::Test {
 protected:
  Bytes derive(ByteView key, ByteView label, ByteView context, std::size_t size) {
    KeyedHmac prf = KeyedHmac::create(*crypto_, key).value();
    Bytes out(size);
    kbkdf_counter(prf, label, context, out);
    return out;
  }

  // OpenSSL's own KBKDF: the reference that our composition must equal.
  Bytes reference(Bytes key, Bytes label, Bytes context, std::size_t size) {
    const openssl::Kdf kdf(EVP_KDF_fetch(crypto_->library(), "KBKDF", nullptr));
    const openssl::KdfContext kdf_context(EVP_KDF_CTX_new(kdf.get()));
    std::string mac = "HMAC";
    std::string digest = "SHA256";
    std::string mode = "COUNTER";
    const std::array params = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac.data(), 0),
                               OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                               OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode.data(), 0),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, label.data(), label.size()),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, context.data(), context.size()),
                               OSSL_PARAM_construct_end()};
    Bytes out(size);
    EXPECT_EQ(EVP_KDF_derive(kdf_context.get(), out.data(), out.size(), params.data()), 1);
    return out;
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

// RFC 8009 section 3 uses this construction; the values are those of its appendix A.
TEST_F(KdfTest, KbkdfKnownAnswersOfRfc8009) {
  const Bytes key = unhex("3705d96080c17728a0e800eab6e0d23c");
  EXPECT_EQ(hex_encode(derive(key, unhex("0000000299"), {}, 16)), "b31a018a48f54776f403e9a396325dc3");
  EXPECT_EQ(hex_encode(derive(key, unhex("00000002aa"), {}, 16)), "9b197dd1e8c5609d6e67c3e37c62c72e");
  EXPECT_EQ(hex_encode(derive(key, unhex("0000000255"), {}, 16)), "9fda0e56ab2d85e1569a688696c26a6c");
  EXPECT_EQ(hex_encode(derive(key, as_bytes("prf"), as_bytes("test"), 32)),
            "9d188616f63852fe86915bb840b4a886ff3e6bb0f819b49b893393d393854295");
}

// NIST CAVP, KDFCTR_gen.rsp, HMAC_SHA256, counter before fixed data, 32 bits, COUNT=0. Its fixed data is one string
// that does not end in [L], so it checks the PRF and the place and width of the counter.
TEST_F(KdfTest, KbkdfBlockIsTheCavpBlock) {
  KeyedHmac prf =
      KeyedHmac::create(*crypto_, unhex("dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0")).value();
  const Bytes fixed = unhex(
      "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3"
      "b4"
      "13faac");
  const Mac256 block = prf.mac({unhex("00000001"), fixed});
  EXPECT_EQ(hex_encode(ByteView(block).first(16)), "10621342bfb0fd40046c0e29f2cfdbf0");
}

TEST_F(KdfTest, KbkdfEqualsOpensslForRandomInputs) {
  OpensslRandom random(*crypto_);
  for (int round = 0; round < 2000; ++round) {
    std::array<std::uint8_t, 4> sizes{};
    random.fill_public(sizes);
    Bytes key(16 + sizes[0] % 64);
    Bytes label(1 + sizes[1] % 80);
    Bytes context(1 + sizes[2]);
    const std::size_t size = 1 + sizes[3] % 200;
    random.fill_public(key);
    random.fill_public(label);
    random.fill_public(context);
    ASSERT_EQ(derive(key, label, context, size), reference(key, label, context, size))
        << hex_encode(key) << ' ' << hex_encode(label) << ' ' << hex_encode(context) << ' ' << size;
  }
}

TEST_F(KdfTest, KbkdfBindsLabelContextAndLength) {
  const Bytes key(32, 1);
  const Bytes base = derive(key, as_bytes("label"), as_bytes("context"), 32);
  EXPECT_NE(derive(key, as_bytes("labe"), as_bytes("lcontext"), 32), base);  // the zero byte separates
  EXPECT_NE(derive(key, as_bytes("label"), as_bytes("contexu"), 32), base);
  EXPECT_NE(derive(Bytes(32, 2), as_bytes("label"), as_bytes("context"), 32), base);
  Bytes longer = derive(key, as_bytes("label"), as_bytes("context"), 33);
  longer.resize(32);
  EXPECT_NE(longer, base);  // [L] is part of every block
}

TEST_F(KdfTest, KbkdfOfNothingDoesNothing) { EXPECT_TRUE(derive(Bytes(32, 1), {}, {}, 0).empty()); }

TEST_F(KdfTest, KbkdfStopsWhenTheLengthWouldNotFit) {
  KeyedHmac prf = KeyedHmac::create(*crypto_, Bytes(32, 1)).value();
  std::uint8_t one = 0;
  // Only the size is looked at before the process stops.
  EXPECT_DEATH(kbkdf_counter(prf, {}, {}, std::span(&one, std::size_t{1} << 29)), "more bits than it can count");
}

TEST_F(KdfTest, HkdfRefusesWhatItCannotDerive) {
  Bytes too_long(255 * 32 + 1);
  Bytes none;
  Bytes some(32);
  const auto code = [&](ByteView ikm, std::span<std::uint8_t> out) {
    const Status status = hkdf(*crypto_, HashAlgorithm::kSha256, ikm, {}, {}, out);
    return status ? std::string_view("success") : error_code_name(status.error().code);
  };
  EXPECT_EQ(code(Bytes(16, 1), too_long), "Crypto");
  EXPECT_EQ(code(Bytes(16, 1), none), "Crypto");
  EXPECT_EQ(code({}, some), "Crypto");
  EXPECT_EQ(code(Bytes(16, 1), std::span(too_long).first(255 * 32)), "success");
}

TEST_F(KdfTest, HkdfBindsSaltAndInfo) {
  const auto derived = [&](std::string_view salt, std::string_view info) {
    Bytes out(32);
    EXPECT_TRUE(hkdf(*crypto_, HashAlgorithm::kSha256, Bytes(16, 1), as_bytes(salt), as_bytes(info), out));
    return out;
  };
  EXPECT_EQ(derived("s", "i"), derived("s", "i"));
  EXPECT_NE(derived("s", "i"), derived("t", "i"));
  EXPECT_NE(derived("s", "i"), derived("s", "j"));
  EXPECT_NE(derived("si", ""), derived("s", "i"));
}

}  // namespace
}  // namespace kagimori
