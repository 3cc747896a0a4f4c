#include "crypto/digest.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

class DigestTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

struct Known {
  HashAlgorithm algorithm;
  std::string_view digest_of_abc;  // FIPS 180-4, example values
};
constexpr Known kKnown[] = {
    {HashAlgorithm::kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HashAlgorithm::kSha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {HashAlgorithm::kSha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HashAlgorithm::kSha384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {HashAlgorithm::kSha512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2"
     "a"
     "9ac94fa54ca49f"},
};

TEST_F(DigestTest, KnownAnswers) {
  for (const Known& known : kKnown) {
    const Result<Bytes> digest = hash(*crypto_, known.algorithm, as_bytes("abc"));
    ASSERT_TRUE(digest);
    EXPECT_EQ(hex_encode(*digest), known.digest_of_abc);
    EXPECT_EQ(digest->size(), digest_size(known.algorithm));
  }
}

TEST_F(DigestTest, Sha256OfPartsIsThatOfTheWhole) {
  const Sha256Digest whole = sha256(*crypto_, as_bytes("abc"));
  EXPECT_EQ(hex_encode(whole), kKnown[2].digest_of_abc);
  EXPECT_EQ(sha256(*crypto_, {as_bytes("a"), {}, as_bytes("bc")}), whole);
  EXPECT_EQ(sha256(*crypto_, {as_bytes("abc")}), whole);
}

TEST_F(DigestTest, NothingOfOneMessageStaysForTheNext) {
  const Sha256Digest empty = sha256(*crypto_, ByteView{});
  EXPECT_EQ(hex_encode(empty), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  (void)sha256(*crypto_, Bytes(1000, 7));
  EXPECT_EQ(sha256(*crypto_, {}), empty);
}

TEST_F(DigestTest, OneByteMoreOrLessChangesIt) {
  for (std::size_t size : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 119U, 120U, 128U}) {
    EXPECT_NE(sha256(*crypto_, Bytes(size, 0)), sha256(*crypto_, Bytes(size + 1, 0))) << size;
    const Result<Bytes> general = hash(*crypto_, HashAlgorithm::kSha256, Bytes(size, 0));
    EXPECT_EQ(to_bytes(sha256(*crypto_, Bytes(size, 0))), *general) << size;
  }
}

}  // namespace
}  // namespace kagimori
