// Project Wycheproof's vectors of symmetric cryptography.

#include "crypto/aead.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/wycheproof_vectors_test.h"

namespace kagimori {
namespace {

using wycheproof::Counts;
using wycheproof::field;
using wycheproof::Json;
using wycheproof::WycheproofTest;

TEST_F(WycheproofTest, AesGcm) {
  const auto check = [this](const Json& group, const Json& test, bool valid, Counts& counts) {
    const Bytes key = field(test, "key");
    const Bytes nonce = field(test, "iv");
    const Bytes aad = field(test, "aad");
    const Bytes message = field(test, "msg");
    Bytes expected = field(test, "ct");
    const Bytes tag = field(test, "tag");
    expected.insert(expected.end(), tag.begin(), tag.end());
    Bytes opened(message.size(), 0xee);
    Bytes sealed(message.size() + kGcmTagSize);
    const Status open_status = aes256gcm_open(*crypto_, key, nonce, aad, expected, opened);
    const Status seal_status = aes256gcm_seal(*crypto_, key, nonce, aad, message, sealed);
    if (group.at("keySize") != 256 || group.at("ivSize") != 96) {
      ++counts.refused;
      ASSERT_FALSE(open_status);
      ASSERT_FALSE(seal_status);
      EXPECT_EQ(open_status.error().code, ErrorCode::kCrypto);
      EXPECT_EQ(seal_status.error().code, ErrorCode::kCrypto);
      return;
    }
    ++counts.run;
    ASSERT_TRUE(seal_status);
    EXPECT_EQ(sealed == expected, valid);
    EXPECT_EQ(open_status.has_value(), valid);
    EXPECT_EQ(opened, valid ? message : Bytes(message.size(), 0));
    if (!valid) {
      EXPECT_EQ(open_status.error().code, ErrorCode::kInvalidCiphertext);
    }
  };
  const Counts counts = walk("aes_gcm_test.json", check);
  EXPECT_EQ(counts.run, 66U);
  EXPECT_EQ(counts.refused, 250U);
}

template <typename Wrap, typename Unwrap>
void check_key_wrap(const Json& test, bool valid, Wrap wrap, Unwrap unwrap) {
  const Bytes kek = field(test, "key");
  const Bytes key = field(test, "msg");
  const Bytes expected = field(test, "ct");
  const Result<SecretBytes> unwrapped = unwrap(kek, expected);
  ASSERT_EQ(unwrapped.has_value(), valid);
  const Result<Bytes> wrapped = wrap(kek, key);
  if (valid) {
    EXPECT_EQ(to_bytes(unwrapped->expose()), key);
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(*wrapped, expected);
  } else {
    EXPECT_EQ(unwrapped.error().code, ErrorCode::kInvalidCiphertext);
    EXPECT_TRUE(!wrapped || *wrapped != expected);
  }
}

TEST_F(WycheproofTest, AesKw) {
  const Counts counts =
      walk("aes_wrap_test.json", [this](const Json& /*group*/, const Json& test, bool valid, Counts& seen) {
        // RFC 3394 leaves 8-byte keys out (n >= 2), Wycheproof calls them acceptable, we refuse them.
        const bool refused = test.at("result") == "acceptable";
        ++(refused ? seen.refused : seen.run);
        check_key_wrap(
            test, valid && !refused, [this](ByteView kek, ByteView key) { return aes_kw_wrap(*crypto_, kek, key); },
            [this](ByteView kek, ByteView wrapped) { return aes_kw_unwrap(*crypto_, kek, wrapped); });
      });
  EXPECT_EQ(counts.run, 162U);
  EXPECT_EQ(counts.refused, 3U);
}

TEST_F(WycheproofTest, AesKwp) {
  const Counts counts =
      walk("aes_kwp_test.json", [this](const Json& /*group*/, const Json& test, bool valid, Counts& seen) {
        ++seen.run;
        check_key_wrap(
            test, valid, [this](ByteView kek, ByteView key) { return aes_kwp_wrap(*crypto_, kek, key); },
            [this](ByteView kek, ByteView wrapped) { return aes_kwp_unwrap(*crypto_, kek, wrapped); });
      });
  EXPECT_EQ(counts.run, 254U);
}

struct HashFile {
  HashAlgorithm algorithm;
  const char* name;
  std::size_t vectors;
};

TEST_F(WycheproofTest, Hmac) {
  for (const HashFile& hash_file : {HashFile{HashAlgorithm::kSha224, "hmac_sha224_test.json", 172},
                                    HashFile{HashAlgorithm::kSha256, "hmac_sha256_test.json", 174},
                                    HashFile{HashAlgorithm::kSha384, "hmac_sha384_test.json", 174},
                                    HashFile{HashAlgorithm::kSha512, "hmac_sha512_test.json", 174}}) {
    const auto check = [&](const Json& group, const Json& test, bool valid, Counts& counts) {
      ++counts.run;
      const Bytes key = field(test, "key");
      const Bytes message = field(test, "msg");
      Bytes mac = hmac(*crypto_, hash_file.algorithm, key, message).value();
      if (hash_file.algorithm == HashAlgorithm::kSha256) {
        EXPECT_EQ(to_bytes(hmac_sha256(*crypto_, key, {message})), mac);
        EXPECT_EQ(to_bytes(KeyedHmac::create(*crypto_, key)->mac(message)), mac);
      }
      mac.resize(group.at("tagSize").get<std::size_t>() / 8);
      EXPECT_EQ(constant_time_equal(mac, field(test, "tag")), valid);
    };
    EXPECT_EQ(walk(hash_file.name, check).run, hash_file.vectors);
  }
}

TEST_F(WycheproofTest, Hkdf) {
  for (const HashFile& hash_file : {HashFile{HashAlgorithm::kSha256, "hkdf_sha256_test.json", 86},
                                    HashFile{HashAlgorithm::kSha384, "hkdf_sha384_test.json", 83},
                                    HashFile{HashAlgorithm::kSha512, "hkdf_sha512_test.json", 83}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool valid, Counts& counts) {
      ++counts.run;
      Bytes out(test.at("size").get<std::size_t>());
      const Status status =
          hkdf(*crypto_, hash_file.algorithm, field(test, "ikm"), field(test, "salt"), field(test, "info"), out);
      ASSERT_EQ(status.has_value(), valid);
      if (valid) {
        EXPECT_EQ(out, field(test, "okm"));
      }
    };
    EXPECT_EQ(walk(hash_file.name, check).run, hash_file.vectors);
  }
}

}  // namespace
}  // namespace kagimori
