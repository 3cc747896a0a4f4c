#include "hsm/message.h"

#include "base/encoding.h"

#include <fstream>
#include <iterator>

namespace kagimori {
namespace {

HsmRequest sample() {
  HsmRequest request;
  request.operation = HsmOperation::kEncrypt;
  request.limit_ms = 2'000;
  request.random_size = 7;
  request.password = as_bytes("kmsuser:correct horse");
  request.key_id = as_bytes("0123456789abcdef");
  request.label = as_bytes("label");
  request.additional_data = as_bytes("context");
  request.input = as_bytes("plaintext");
  return request;
}

Bytes golden(const std::string& name) {
  std::ifstream file(std::string(KAGIMORI_SOURCE_DIR "/src/hsm/testdata/") + name);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::erase_if(text, [](char c) { return c == '\n'; });
  return hex_decode(text).value_or(Bytes());
}

TEST(HsmMessage, RequestsAreAsTheGoldenFile) {
  const SecretBytes written = write_hsm_request(sample());
  EXPECT_EQ(to_bytes(written.expose()), golden("hsm_request.v1.hex")) << hex_encode(written.expose());
  const auto read = parse_hsm_request(written.expose().subspan(kHsmLengthSize));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->operation, HsmOperation::kEncrypt);
  EXPECT_EQ(read->limit_ms, 2'000);
  EXPECT_EQ(read->random_size, 7);
  EXPECT_EQ(as_text(read->password), "kmsuser:correct horse");
  EXPECT_EQ(as_text(read->key_id), "0123456789abcdef");
  EXPECT_EQ(as_text(read->label), "label");
  EXPECT_EQ(as_text(read->additional_data), "context");
  EXPECT_EQ(as_text(read->input), "plaintext");
}

TEST(HsmMessage, AnswersAreAsTheGoldenFile) {
  const SecretBytes written =
      write_hsm_answer({HsmFault::kKeyNotFound, 0x60, SecretBytes::copy_of(as_bytes("output"))});
  EXPECT_EQ(to_bytes(written.expose()), golden("hsm_answer.v1.hex")) << hex_encode(written.expose());
  const auto read = parse_hsm_answer(written.expose().subspan(kHsmLengthSize));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->fault, HsmFault::kKeyNotFound);
  EXPECT_EQ(read->module_answer, 0x60);
  EXPECT_EQ(as_text(read->output.expose()), "output");
}

TEST(HsmMessage, WhatIsCutOrTooLongIsRefused) {
  const SecretBytes written = write_hsm_request(sample());
  const ByteView message = written.expose().subspan(kHsmLengthSize);
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(parse_hsm_request(message.first(size)).has_value()) << size;
  }
  Bytes longer = to_bytes(message);
  longer.push_back(0);
  EXPECT_FALSE(parse_hsm_request(longer).has_value());
  Bytes unknown = to_bytes(message);
  unknown[0] = 0;
  EXPECT_FALSE(parse_hsm_request(unknown).has_value());
  unknown[0] = 7;
  EXPECT_FALSE(parse_hsm_request(unknown).has_value());
  EXPECT_FALSE(parse_hsm_answer(Bytes(8)).has_value());
  EXPECT_FALSE(parse_hsm_answer(Bytes{11, 0, 0, 0, 0, 0, 0, 0, 0}).has_value());
  EXPECT_TRUE(parse_hsm_answer(Bytes{10, 0, 0, 0, 0, 0, 0, 0, 0}).has_value());
}

TEST(HsmMessage, ARequestThatIsTooLargeIsNotWritten) {
  const Bytes large(kMaxHsmMessage);
  HsmRequest request = sample();
  request.input = large;
  EXPECT_TRUE(write_hsm_request(request).empty());
}

}  // namespace
}  // namespace kagimori
