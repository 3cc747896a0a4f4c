// Every layout of this folder against its golden file: what one release wrote, every later release reads. All bytes
// come from a store that is made with a random source that counts.
#include <gtest/gtest.h>

#include <fstream>

#include "base/encoding.h"
#include "model/record_keys.h"
#include "seal/ciphertext.h"
#include "seal/root_records.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::CountingRandom;
using seal_test::kAccount;
using seal_test::kStoreId;
using seal_test::make_crypto;
using seal_test::TemporaryFolder;

constexpr MaterialBinding kBinding{kAccount, "eu-central-1", "11111111-2222-4333-8444-555555555555", 3,
                                   KeyAlgorithm::kAes};
constexpr std::string_view kMaterial = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kRecordContent = "the content of a record";
constexpr std::uint64_t kRecordRevision = 42;
constexpr std::string_view kPlaintext = "The quick brown fox jumps over the lazy dog.";

std::filesystem::path testdata() { return std::filesystem::path(KAGIMORI_SOURCE_DIR) / "src/seal/testdata"; }

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

Bytes read_hex(std::string_view name) {
  std::string digits = read_text(testdata() / name);
  std::erase_if(digits, [](char c) { return c == '\n' || c == ' '; });
  return hex_decode(digits).value_or(Bytes{});
}

Bytes record_primary_key() { return record_key::alias(kAccount, "eu-central-1", "alias/golden"); }

struct Place {
  const char* file;
  Table table;
  Bytes key;
};
std::vector<Place> places() {
  return {{"meta.v1.hex", Table::kMeta, meta_key()},
          {"envelope.v1.hex", Table::kEnvelopes, envelope_key(1)},
          {"epoch_of_system.v1.hex", Table::kEpochs, record_key::epoch(kSystemAccount, 1)},
          {"epoch_of_account.v1.hex", Table::kEpochs, record_key::epoch(kAccount, 1)}};
}

class Golden : public ::testing::Test {
 protected:
  RootOptions options() { return {*store_, clock_, random_, {}}; }

  std::unique_ptr<CryptoContext> crypto_ = make_crypto();
  CountingRandom random_;
  ManualClock clock_{Timestamp::from_seconds(1'800'000'000)};
  TemporaryFolder folder_;
  TemporaryStore store_;
};

TEST_F(Golden, AStoreIsWrittenAsTheFilesSay) {
  const auto envelope = *KeyFileEnvelope::create(*crypto_, random_, folder_.path() / "key", kStoreId);
  EXPECT_EQ(read_text(folder_.path() / "key"), read_text(testdata() / "key_file.v1.txt"));
  // The label is the file's path at the time, which is another one in each run.
  class FixedLabel final : public Envelope {
   public:
    explicit FixedLabel(Envelope& inner) : inner_(inner) {}
    EnvelopeType type() const override { return inner_.type(); }
    Status wrap(CryptoContext& crypto, RandomSource& random, std::string_view store_id, const SecretBytes& root,
                EnvelopeRecord& record) override {
      const Status wrapped = inner_.wrap(crypto, random, store_id, root, record);
      record.label = "/etc/kagimori/key";
      return wrapped;
    }
    Result<SecretBytes> unwrap(CryptoContext& crypto, std::string_view store_id,
                               const EnvelopeRecord& record) override {
      return inner_.unwrap(crypto, store_id, record);
    }

   private:
    Envelope& inner_;
  } fixed(*envelope);
  const auto keyrings = *create_root(*crypto_, options(), std::string(kStoreId), false, fixed);
  Batch batch;
  ASSERT_TRUE(keyrings->create_account(*crypto_, kAccount, batch));
  ASSERT_TRUE((*store_).commit_and_wait(std::move(batch)));
  const auto view = *(*store_).read();
  for (const Place& place : places()) {
    const auto record = view->get(place.table, place.key);
    ASSERT_TRUE(record && *record);
    EXPECT_EQ(hex_encode((*record)->value), hex_encode(read_hex(place.file))) << place.file;
  }
  const auto material = keyrings->wrap(*crypto_, kBinding, as_bytes(kMaterial));
  EXPECT_EQ(hex_encode(material->blob), hex_encode(read_hex("material.v1.hex")));
  const auto record = keyrings->seal_record(*crypto_, kAccount, Table::kAliases, record_primary_key(), kRecordRevision,
                                            as_bytes(kRecordContent));
  EXPECT_EQ(hex_encode(*record), hex_encode(read_hex("record.v1.hex")));
}

TEST_F(Golden, AStoreMadeOfTheFilesOpens) {
  Batch batch;
  for (const Place& place : places()) {
    const bool second_batch = place.key == record_key::epoch(kAccount, 1);
    batch.writes.push_back({place.table, place.key, second_batch ? 2u : 1u, read_hex(place.file)});
  }
  ASSERT_TRUE((*store_).commit_and_wait(std::move(batch)));
  const std::filesystem::path key_file = folder_.path() / "key";
  std::filesystem::copy_file(testdata() / "key_file.v1.txt", key_file);
  std::filesystem::permissions(key_file, std::filesystem::perms::owner_read);

  const auto envelope = KeyFileEnvelope::load(*crypto_, key_file, read_store_meta(*store_)->store_id);
  ASSERT_TRUE(envelope) << envelope.error().message;
  const auto keyrings = open_root(*crypto_, options(), **envelope);
  ASSERT_TRUE(keyrings) << keyrings.error().message;
  const auto material = (*keyrings)->unwrap(*crypto_, kBinding, {1, read_hex("material.v1.hex")});
  ASSERT_TRUE(material) << material.error().message;
  EXPECT_EQ(as_text(material->expose()), kMaterial);
  const StoredRecord record{record_primary_key(), kRecordRevision, read_hex("record.v1.hex")};
  const auto content = (*keyrings)->open_record(*crypto_, kAccount, Table::kAliases, record);
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(as_text(*content), kRecordContent);
}

TEST_F(Golden, Ciphertext) {
  MessageKey key = *MessageKey::create(*crypto_, as_bytes(kMaterial));
  std::vector<ContextPair> pairs = {{"purpose", "golden"}, {"department", "10314"}};
  Bytes context;
  canonical_encryption_context(pairs, context);
  struct Case {
    const char* file;
    const char* key_id;
    ByteView context;
  };
  for (const Case& c : {Case{"ciphertext.v1.hex", "1234abcd-12ab-34cd-56ef-1234567890ab", context},
                        Case{"ciphertext_multi_region.v1.hex", "mrk-1234abcd12ab34cd56ef1234567890ab", {}}}) {
    CountingRandom random(0xa0);
    Bytes blob;
    ASSERT_TRUE(key.seal(*crypto_, random, {kSuiteDerivedAesGcm, c.key_id, "111122223333", 3}, c.context,
                         as_bytes(kPlaintext), blob));
    EXPECT_EQ(hex_encode(blob), hex_encode(read_hex(c.file))) << c.file;
    const auto plaintext = key.open(*crypto_, c.context, read_hex(c.file));
    ASSERT_TRUE(plaintext) << c.file;
    EXPECT_EQ(as_text(plaintext->expose()), kPlaintext);
    EXPECT_EQ(parse_ciphertext_header(read_hex(c.file))->key_id, c.key_id);
  }
}

}  // namespace
}  // namespace kagimori
