#include "protocol/attestation_document.h"

#include <fstream>

#include "base/encoding.h"

namespace kagimori {
namespace {

Bytes golden() {
  std::ifstream file(KAGIMORI_SOURCE_DIR "/src/protocol/testdata/attestation_document.hex");
  std::string hex, line;
  while (file >> line) hex += line;
  return *hex_decode(hex);
}

TEST(AttestationDocumentTest, ReadsADocument) {
  const Bytes bytes = golden();
  const auto document = parse_attestation_document(bytes);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->module_id, "i-0123456789abcdef0-enc0123456789abcdef");
  EXPECT_GT(document->timestamp_ms, 1'700'000'000'000);
  EXPECT_EQ(document->pcrs.size(), 6U);
  EXPECT_EQ(to_bytes(document->pcrs.at(8)), Bytes(48, 9));
  EXPECT_TRUE(document->nitro_tpm_pcrs.empty());
  EXPECT_EQ(document->ca_bundle.size(), 3U);
  EXPECT_EQ(document->certificate[0], 0x30);
  EXPECT_EQ(document->public_key.size(), 294U);  // RSA-2048
  EXPECT_EQ(document->signature.size(), 96U);
}

TEST(AttestationDocumentTest, TheTagMayBeThere) {
  Bytes bytes = golden();
  bytes.insert(bytes.begin(), 0xd2);
  EXPECT_TRUE(parse_attestation_document(bytes));
  bytes[0] = 0xd1;
  EXPECT_FALSE(parse_attestation_document(bytes));
}

TEST(AttestationDocumentTest, WhatIsSignedIsTheStructureOfTheStandard) {
  const Bytes bytes = golden();
  const auto document = parse_attestation_document(bytes);
  ASSERT_TRUE(document);
  const Bytes text = attestation_signed_bytes(*document);
  // ["Signature1", << {1: -35} >>, '', << payload >>] (RFC 9052 section 4.4)
  EXPECT_EQ(hex_encode(ByteView(text).first(18)), "846a5369676e61747572653144a101382240");
  EXPECT_EQ(text[18], 0x59);
  EXPECT_EQ(text.size(), 18 + 3 + document->payload.size());
}

TEST(AttestationDocumentTest, RefusesEveryTruncationAndAnythingBehind) {
  Bytes bytes = golden();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto document = parse_attestation_document(ByteView(bytes).first(size));
    ASSERT_FALSE(document) << size;
    EXPECT_EQ(document.error().code, ErrorCode::kValidation);
  }
  bytes.push_back(0);
  EXPECT_FALSE(parse_attestation_document(bytes));
}

}  // namespace
}  // namespace kagimori
