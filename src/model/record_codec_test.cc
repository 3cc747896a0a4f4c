#include "model/record_codec.h"

#include <fstream>
#include <random>

#include "base/encoding.h"
#include "model/record_samples.h"

namespace kagimori {
namespace {

// What a typed test needs to know of each record type: its sample and its golden file.
template <typename R>
struct Golden;
#define KAGIMORI_GOLDEN(R, function)                     \
  template <>                                            \
  struct Golden<R> {                                     \
    static constexpr std::string_view kFile = #function; \
    static R sample() { return sample::function(); }     \
  }
KAGIMORI_GOLDEN(Key, key);
KAGIMORI_GOLDEN(KeyVersion, key_version);
KAGIMORI_GOLDEN(KeyObject, key_object);
KAGIMORI_GOLDEN(Transition, transition);
KAGIMORI_GOLDEN(Tombstone, tombstone);
KAGIMORI_GOLDEN(Alias, alias);
KAGIMORI_GOLDEN(KeyPolicy, key_policy);
KAGIMORI_GOLDEN(KeyLastUsage, key_last_usage);
KAGIMORI_GOLDEN(KeyUseCount, key_use_count);
KAGIMORI_GOLDEN(UsageLimit, usage_limit);
KAGIMORI_GOLDEN(UsageReservation, usage_reservation);
KAGIMORI_GOLDEN(Grant, grant);
KAGIMORI_GOLDEN(CustomKeyStore, custom_key_store);
KAGIMORI_GOLDEN(AuditKey, audit_key);
KAGIMORI_GOLDEN(Account, account);
KAGIMORI_GOLDEN(User, user);
KAGIMORI_GOLDEN(UserPolicy, user_policy);
KAGIMORI_GOLDEN(AccessKey, access_key);
KAGIMORI_GOLDEN(Role, role);
KAGIMORI_GOLDEN(Group, group);
KAGIMORI_GOLDEN(ManagedPolicy, managed_policy);
KAGIMORI_GOLDEN(ManagedPolicyVersion, managed_policy_version);
KAGIMORI_GOLDEN(Session, session);
KAGIMORI_GOLDEN(AccessKeyUse, access_key_use);
#undef KAGIMORI_GOLDEN

Bytes read_golden(std::string_view name) {
  const std::string path = std::string(KAGIMORI_SOURCE_DIR "/src/model/testdata/") + std::string(name) + ".v1.hex";
  std::ifstream file(path);
  std::string hex, line;
  while (file >> line) hex += line;
  auto bytes = hex_decode(hex);
  EXPECT_TRUE(bytes && !bytes->empty()) << path;
  return bytes.value_or(Bytes{});
}

template <typename R>
class RecordCodecTest : public testing::Test {};
using Records =
    testing::Types<Key, KeyVersion, KeyObject, Transition, Tombstone, Alias, KeyPolicy, KeyLastUsage, KeyUseCount,
                   UsageLimit, UsageReservation, Grant, CustomKeyStore, AuditKey, Account, User, UserPolicy, AccessKey,
                   Role, Group, ManagedPolicy, ManagedPolicyVersion, Session, AccessKeyUse>;
TYPED_TEST_SUITE(RecordCodecTest, Records);

TYPED_TEST(RecordCodecTest, EncodesAsTheGoldenFile) {
  EXPECT_EQ(hex_encode(encode(Golden<TypeParam>::sample())), hex_encode(read_golden(Golden<TypeParam>::kFile)));
}

TYPED_TEST(RecordCodecTest, DecodesTheGoldenFile) {
  const auto record = decode<TypeParam>(read_golden(Golden<TypeParam>::kFile));
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(*record, Golden<TypeParam>::sample());
}

TYPED_TEST(RecordCodecTest, EveryTruncationFails) {
  const Bytes whole = encode(Golden<TypeParam>::sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto record = decode<TypeParam>(ByteView(whole).first(size));
    ASSERT_FALSE(record) << size;
    EXPECT_EQ(record.error().code, ErrorCode::kCorrupt);
  }
}

TYPED_TEST(RecordCodecTest, EveryTrailingByteFails) {
  for (int byte = 0; byte < 256; ++byte) {
    Bytes bytes = encode(Golden<TypeParam>::sample());
    bytes.push_back(static_cast<std::uint8_t>(byte));
    const auto record = decode<TypeParam>(bytes);
    ASSERT_FALSE(record) << byte;
    EXPECT_EQ(record.error().code, ErrorCode::kCorrupt);
  }
}

TYPED_TEST(RecordCodecTest, UnknownFormatVersionsAreTold) {
  Bytes bytes = encode(Golden<TypeParam>::sample());
  bytes[0] = 0;
  EXPECT_EQ(decode<TypeParam>(bytes).error().code, ErrorCode::kCorrupt);
  for (int version = 2; version < 256; ++version) {
    bytes[0] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(decode<TypeParam>(bytes).error().code, ErrorCode::kNewerSchema) << version;
  }
}

// There is one encoding of each record: whatever decodes, encodes to the same bytes.
TYPED_TEST(RecordCodecTest, FlippedBitsFailOrMeanSomethingElse) {
  const TypeParam sample = Golden<TypeParam>::sample();
  const Bytes whole = encode(sample);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bytes = whole;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto record = decode<TypeParam>(bytes);
    if (!record) continue;
    EXPECT_NE(*record, sample) << bit;
    EXPECT_EQ(encode(*record), bytes) << bit;
  }
}

TYPED_TEST(RecordCodecTest, RandomDamageNeverCrashes) {
  std::minstd_rand random(20261122);
  const Bytes whole = encode(Golden<TypeParam>::sample());
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = whole;
    for (int flips = 0; flips < 4; ++flips) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    const auto record = decode<TypeParam>(bytes);
    if (record) {
      EXPECT_EQ(encode(*record), bytes);
    }
  }
}

template <typename R>
void expect_corrupt(const R& record, std::string_view why) {
  const auto decoded = decode<R>(encode(record));
  ASSERT_FALSE(decoded) << why;
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(decoded.error().message, testing::HasSubstr(why));
}

TEST(RecordCodec, AccountsAreTwelveDigits) {
  for (const std::string_view account : {"", "11112222333", "1111222233334", "11112222333x", "            "}) {
    Key key = sample::key();
    key.account = account;
    expect_corrupt(key, "An account is not 12 digits.");
    AccessKey access_key = sample::access_key();
    access_key.account = account;
    expect_corrupt(access_key, "An account is not 12 digits.");
  }
}

TEST(RecordCodec, EnumerationsAreInRange) {
  Key key = sample::key();
  key.type.algorithm = static_cast<KeyAlgorithm>(0);
  expect_corrupt(key, "value that does not exist");
  key = sample::key();
  key.replication = static_cast<ReplicationRole>(3);
  expect_corrupt(key, "value that does not exist");
  KeyObject object = sample::key_object();
  object.presence = static_cast<Presence>(5);
  expect_corrupt(object, "value that does not exist");
  object = sample::key_object();
  object.state.state = static_cast<LifecycleState>(6);
  expect_corrupt(object, "value that does not exist");
  object = sample::key_object();
  object.state.reasons = ReasonSet(1u << 13);
  expect_corrupt(object, "unknown one");
  Grant grant = sample::grant();
  grant.operations = GrantOperations(1u << kGrantOperationCount);
  expect_corrupt(grant, "allows what is unknown");
}

TEST(RecordCodec, DatesAreInRange) {
  for (const std::int64_t micros : {INT64_MIN, INT64_MAX, std::int64_t{253'402'300'800'000'000}}) {
    Alias alias = sample::alias();
    alias.created = {micros};
    expect_corrupt(alias, "date is out of range");
  }
  Alias alias = sample::alias();
  alias.created = {253'402'300'799'999'999};
  EXPECT_TRUE(decode<Alias>(encode(alias)));
}

AttributeList nested(int depth) {
  AttributeList list;
  if (depth > 1) list.push_back({"n", 0, nested(depth - 1)});
  return list;
}

TEST(RecordCodec, AttributesNestAsDeepAsAllowedAndNoDeeper) {
  KeyObject object = sample::key_object();
  object.attributes = nested(kMaxAttributeDepth);
  const auto decoded = decode<KeyObject>(encode(object));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, object);
  object.attributes = nested(kMaxAttributeDepth + 1);
  expect_corrupt(object, "nested too deep");
}

// Lists that stand side by side do not add up.
TEST(RecordCodec, DepthIsNotLength) {
  KeyObject object = sample::key_object();
  object.attributes.clear();
  for (std::uint16_t i = 0; i < 20; ++i) object.attributes.push_back({"n", i, nested(kMaxAttributeDepth - 1)});
  EXPECT_TRUE(decode<KeyObject>(encode(object)));
}

TEST(RecordCodec, ErrorsNameTheRecord) {
  EXPECT_THAT(decode<User>({}).error().message, testing::StartsWith("A stored user "));
  EXPECT_THAT(decode<KeyPolicy>(Bytes{1}).error().message, testing::StartsWith("A stored key policy is damaged. "));
  EXPECT_THAT(decode<Alias>(Bytes{2}).error().message, testing::HasSubstr("format version 2"));
}

TEST(RecordCodec, RowsAreSeventeenBytes) {
  const RowId row = sample::row(0xa0);
  Bytes bytes = encode_row(row);
  EXPECT_EQ(hex_encode(bytes), "01a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  EXPECT_EQ(decode_row(bytes).value(), row);
  EXPECT_EQ(decode_row(ByteView(bytes).first(16)).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(decode_row({}).error().code, ErrorCode::kCorrupt);
  bytes.push_back(0);
  EXPECT_EQ(decode_row(bytes).error().code, ErrorCode::kCorrupt);
  bytes[0] = 2;
  EXPECT_EQ(decode_row(bytes).error().code, ErrorCode::kNewerSchema);
}

}  // namespace
}  // namespace kagimori
