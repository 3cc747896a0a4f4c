#include "engine/recipient.h"

#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "crypto/attestation.h"
#include "protocol/attestation_document.h"

namespace kagimori {
namespace {

std::string read(const char* path) {
  std::ifstream file(std::string(KAGIMORI_SOURCE_DIR) + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The document of the golden file at a time when it was fresh.
class RecipientTest : public testing::Test {
 protected:
  RecipientTest() {
    std::string hex = read("/src/protocol/testdata/attestation_document.hex");
    std::erase(hex, '\n');
    document_ = *hex_decode(hex);
    settings_.trust_roots = read("/src/engine/testdata/attestation_root.pem");
    made_ = Timestamp::from_seconds(parse_attestation_document(document_)->timestamp_ms / 1000);
  }
  std::string refusal(Timestamp now) {
    const auto recipient = verify_attestation(*crypto_, settings_, now, document_);
    return recipient ? "" : recipient.error().message;
  }

  std::unique_ptr<CryptoContext> crypto_ = *CryptoContext::create();
  AttestationSettings settings_;
  Bytes document_;
  Timestamp made_;
};

TEST_F(RecipientTest, ADocumentIsVerified) {
  const auto recipient = verify_attestation(*crypto_, settings_, made_.plus_seconds(300), document_);
  ASSERT_TRUE(recipient) << recipient.error().message;
  EXPECT_EQ((*recipient)->module_id, "i-0123456789abcdef0-enc0123456789abcdef");
  EXPECT_EQ((*recipient)->condition_value("imagesha384"), hex_encode(Bytes(48, 1)));
  EXPECT_EQ((*recipient)->condition_value("pcr0"), (*recipient)->condition_value("imagesha384"));
  EXPECT_FALSE((*recipient)->condition_value("pcr8").empty());
  for (const std::string_view name :
       {"pcr5", "pcr", "pcr99999999999999999999", "pcr-1", "nitrotpmpcr0", "imagesha", ""}) {
    EXPECT_EQ((*recipient)->condition_value(name), "") << name;
  }
}

TEST_F(RecipientTest, ItIsFreshForAWhileOnly) {
  EXPECT_EQ(refusal(made_), "");
  EXPECT_EQ(refusal(made_.plus_seconds(-300)), "");
  EXPECT_NE(refusal(made_.plus_seconds(301)).find("300 seconds old"), std::string::npos);
  EXPECT_NE(refusal(made_.plus_seconds(-301)).find("300 seconds old"), std::string::npos);
  settings_.max_age_seconds = 86'400;
  EXPECT_EQ(refusal(made_.plus_seconds(3'600)), "");
  settings_.max_age_seconds = 86'400 * 30;
  EXPECT_NE(refusal(made_.plus_days(3)).find("expired"), std::string::npos);
}

TEST_F(RecipientTest, EveryChangedBitOfWhatIsSignedIsFound) {
  const auto document = parse_attestation_document(document_);
  const auto begin = static_cast<std::size_t>(document->payload.data() - document_.data());
  const std::size_t step = document->payload.size() / 40;
  for (std::size_t at = begin; at < document_.size(); at += step) {
    Bytes changed = document_;
    changed[at] ^= 1;
    EXPECT_FALSE(verify_attestation(*crypto_, settings_, made_, changed)) << at;
  }
}

TEST_F(RecipientTest, RootsAreCounted) {
  EXPECT_EQ(count_trust_roots(*crypto_, settings_.trust_roots), 1U);
  EXPECT_EQ(count_trust_roots(*crypto_, "a comment\n" + settings_.trust_roots + settings_.trust_roots), 2U);
  for (const std::string& text :
       {std::string(), std::string("no certificate"),
        settings_.trust_roots + "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(count_trust_roots(*crypto_, text)) << text;
  }
}

TEST_F(RecipientTest, EnvelopesAreForRsaKeysOnly) {
  const Bytes key = to_bytes(parse_attestation_document(document_)->public_key);
  const auto first = envelope_for_recipient(*crypto_, key, as_bytes("plaintext"));
  const auto second = envelope_for_recipient(*crypto_, key, as_bytes("plaintext"));
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ((*first)[0], 0x30);
  for (const Bytes& wrong : {Bytes(), Bytes{0x30, 0}, Bytes(key.begin(), key.end() - 1)}) {
    EXPECT_EQ(envelope_for_recipient(*crypto_, wrong, as_bytes("x")).error().code, ErrorCode::kValidation);
  }
}

}  // namespace
}  // namespace kagimori
