#include "protocol/xks.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace kagimori {
namespace {

const XksRequestMetadata kMetadata{"arn:aws:iam::111122223333:user/ann", "arn:aws:kms:us-east-1:111122223333:key/k",
                                   "Encrypt", "request-1"};
constexpr std::string_view kHealth =
    R"({"xksProxyFleetSize":2,"xksProxyVendor":"v","xksProxyModel":"m","ekmVendor":"e","ekmFleetDetails":)"
    R"([{"id":"1","model":"m","healthStatus":"UNAVAILABLE"},{"id":"2","model":"m","healthStatus":"DEGRADED"}]})";

class XksTest : public testing::Test {
 protected:
  static std::string text(ByteView bytes) { return base64_encode(bytes); }
  static std::string sealed(ByteView integrity, std::size_t iv_size = 12, std::size_t tag_size = 16,
                            std::string_view metadata = "") {
    std::string body = fmt::format(R"({{"ciphertext":"{}","initializationVector":"{}","authenticationTag":"{}")",
                                   text(Bytes(40, 1)), text(Bytes(iv_size, 2)), text(Bytes(tag_size, 3)));
    if (!metadata.empty()) body += fmt::format(R"(,"ciphertextMetadata":"{}")", text(as_bytes(metadata)));
    if (!integrity.empty()) body += fmt::format(R"(,"ciphertextDataIntegrityValue":"{}")", text(integrity));
    return body + "}";
  }

  std::unique_ptr<CryptoContext> crypto_ = *CryptoContext::create();
};

TEST_F(XksTest, WritesRequests) {
  EXPECT_EQ(xks_health_request({{}, {}, "ConnectCustomKeyStore", "r"}),
            R"({"requestMetadata":{"kmsOperation":"ConnectCustomKeyStore","kmsRequestId":"r"}})");
  EXPECT_EQ(xks_encrypt_request(kMetadata, as_bytes("abc"), as_bytes("de")),
            R"({"requestMetadata":{"awsPrincipalArn":"arn:aws:iam::111122223333:user/ann",)"
            R"("kmsKeyArn":"arn:aws:kms:us-east-1:111122223333:key/k","kmsOperation":"Encrypt",)"
            R"("kmsRequestId":"request-1"},"additionalAuthenticatedData":"ZGU=","plaintext":"YWJj",)"
            R"("encryptionAlgorithm":"AES_GCM","ciphertextDataIntegrityValueAlgorithm":"SHA_256"})");
  const std::string decrypt = xks_decrypt_request(kMetadata, {as_bytes("c"), as_bytes("i"), as_bytes("t"), {}}, {});
  EXPECT_EQ(decrypt.find("additionalAuthenticatedData"), std::string::npos);
  EXPECT_EQ(decrypt.find("ciphertextMetadata"), std::string::npos);
}

TEST_F(XksTest, ReadsHealth) {
  EXPECT_TRUE(parse_xks_health(200, kHealth));
  std::string none(kHealth);
  none.replace(none.find("DEGRADED"), 8, "UNAVAILABLE");
  EXPECT_EQ(parse_xks_health(200, none).error(), XksFault::kNoManager);
  for (const std::string_view wrong : {"", "[]", "{}", R"({"xksProxyFleetSize":1})", R"({"xksProxyFleetSize":)"}) {
    EXPECT_EQ(parse_xks_health(200, wrong).error(), XksFault::kInvalidResponse) << wrong;
  }
}

TEST_F(XksTest, ReadsMetadata) {
  constexpr std::string_view kGood =
      R"({"keySpec":"AES_256","keyUsage":["WRAP","DECRYPT","ENCRYPT"],"keyStatus":"ENABLED"})";
  EXPECT_TRUE(parse_xks_metadata(200, kGood));
  for (const std::string_view wrong :
       {R"({"keySpec":"AES_128","keyUsage":["DECRYPT","ENCRYPT"],"keyStatus":"ENABLED"})",
        R"({"keySpec":"AES_256","keyUsage":["DECRYPT"],"keyStatus":"ENABLED"})",
        R"({"keySpec":"AES_256","keyUsage":["DECRYPT","ENCRYPT"],"keyStatus":"DISABLED"})"}) {
    EXPECT_EQ(parse_xks_metadata(200, wrong).error(), XksFault::kInvalidState) << wrong;
  }
  EXPECT_EQ(parse_xks_metadata(200, R"({"keySpec":"AES_256","keyUsage":"ENCRYPT","keyStatus":"ENABLED"})").error(),
            XksFault::kInvalidResponse);
}

TEST_F(XksTest, ReadsErrorsByNameThenByStatus) {
  EXPECT_EQ(parse_xks_decrypt(400, R"({"errorName":"InvalidCiphertextException"})").error(),
            XksFault::kInvalidCiphertext);
  EXPECT_EQ(parse_xks_decrypt(404, R"({"errorName":"KeyNotFoundException","errorMessage":"x"})").error(),
            XksFault::kKeyNotFound);
  EXPECT_EQ(parse_xks_decrypt(404, "<html>").error(), XksFault::kInvalidUriPath);
  EXPECT_EQ(parse_xks_decrypt(503, R"({"errorName":"Other"})").error(), XksFault::kDependencyTimeout);
  EXPECT_EQ(parse_xks_decrypt(302, "").error(), XksFault::kInvalidResponse);
}

TEST_F(XksTest, ChecksTheIntegrityValueInBothReadings) {
  const ByteView aad = as_bytes("aad");
  const Bytes iv(12, 2), ciphertext(40, 1), tag(16, 3);
  const auto plain = sha256(*crypto_, {aad, as_bytes("mm"), iv, ciphertext, tag});
  const Bytes lengths = {0, 3}, one = {2};
  const auto prefixed = sha256(*crypto_, {lengths, aad, one, as_bytes("mm"), iv, ciphertext, tag});
  EXPECT_TRUE(parse_xks_encrypt(*crypto_, 200, sealed(plain, 12, 16, "mm"), aad));
  EXPECT_TRUE(parse_xks_encrypt(*crypto_, 200, sealed(prefixed, 12, 16, "mm"), aad));
  EXPECT_FALSE(parse_xks_encrypt(*crypto_, 200, sealed(plain, 12, 16, "mn"), aad));
  EXPECT_FALSE(parse_xks_encrypt(*crypto_, 200, sealed(plain, 12, 16, "mm"), as_bytes("aab")));
}

TEST_F(XksTest, ChecksSizes) {
  const auto read = [&](const std::string& body) { return parse_xks_encrypt(*crypto_, 200, body, {}); };
  EXPECT_TRUE(read(sealed({})));
  EXPECT_TRUE(read(sealed({}, 16)));
  EXPECT_EQ(read(sealed({}, 13)).error(), XksFault::kInvalidResponse);
  EXPECT_EQ(read(sealed({}, 12, 12)).error(), XksFault::kInvalidResponse);
  EXPECT_EQ(read(sealed({}, 12, 16, "123456789012345678901")).error(), XksFault::kInvalidResponse);
  EXPECT_EQ(read(R"({"ciphertext":1})").error(), XksFault::kInvalidResponse);
  EXPECT_EQ(parse_xks_decrypt(200, R"({"plaintext":"not base64"})").error(), XksFault::kInvalidResponse);
}

TEST_F(XksTest, EveryFaultHasAMeaning) {
  for (int i = 0; i <= static_cast<int>(XksFault::kNoManager); ++i) {
    const XksFaultMeaning& meaning = xks_fault_meaning(static_cast<XksFault>(i));
    EXPECT_TRUE(meaning.sentence.ends_with(".")) << i;
    EXPECT_FALSE(meaning.connection_error.empty()) << i;
  }
}

}  // namespace
}  // namespace kagimori
