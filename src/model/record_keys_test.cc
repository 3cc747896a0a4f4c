#include "model/record_keys.h"

#include "base/encoding.h"
#include "model/record_samples.h"

namespace kagimori {
namespace {

constexpr std::string_view kAccount = "111122223333";
constexpr std::string_view kAccountHex = "313131313232323233333333";
constexpr std::string_view kRowHex = "101112131415161718191a1b1c1d1e1f";
const RowId kRow = sample::row(0x10);

std::string hex(const Bytes& bytes) { return hex_encode(bytes); }
std::string join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}
bool starts_with(const Bytes& key, const Bytes& prefix) {
  return key.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin());
}

// The layouts are stored: these texts never change.
TEST(RecordKeys, LayoutsStay) {
  using namespace record_key;
  EXPECT_EQ(hex(account(kAccount)), kAccountHex);
  EXPECT_EQ(hex(epoch(kAccount, 0x01020304)), join({kAccountHex, "01020304"}));
  EXPECT_EQ(hex(key(kAccount, kRow)), join({kAccountHex, kRowHex}));
  EXPECT_EQ(hex(key_id(kAccount, "r-1", "ab")), join({kAccountHex, "722d3100", "616200"}));
  EXPECT_EQ(hex(version(kAccount, kRow, 2)), join({kAccountHex, kRowHex, "00000002"}));
  EXPECT_EQ(hex(object(kAccount, kRow, 2, 1)), join({kAccountHex, kRowHex, "0000000201"}));
  EXPECT_EQ(hex(object_id(kAccount, "ab")), join({kAccountHex, "616200"}));
  EXPECT_EQ(hex(key_policy(kAccount, kRow, 3)), join({kAccountHex, kRowHex, "00000003"}));
  EXPECT_EQ(hex(alias(kAccount, "r-1", "alias/x")), join({kAccountHex, "722d3100", "616c6961732f7800"}));
  EXPECT_EQ(hex(key_alias(kAccount, kRow, "alias/x")), join({kAccountHex, kRowHex, "616c6961732f7800"}));
  EXPECT_EQ(hex(grant(kAccount, kRow, "ab")), join({kAccountHex, kRowHex, "6162"}));
  EXPECT_EQ(hex(grant_grantee(kAccount, kRow, "AIDA", "ab")), join({kAccountHex, kRowHex, "4149444100", "6162"}));
  EXPECT_EQ(hex(grant_retiree("AIDA", "r-1", "ab", kAccount, kRow)),
            join({"4149444100", "722d3100", "6162", kAccountHex, kRowHex}));
  EXPECT_EQ(hex(grant_name(kAccount, kRow, as_bytes("ab"))), join({kAccountHex, kRowHex, "6162"}));
  EXPECT_EQ(hex(grant_count(kAccount, kRow, 15)), join({kAccountHex, kRowHex, "0f"}));
  EXPECT_EQ(hex(transition(kAccount, kRow, 5)), join({kAccountHex, kRowHex, "0000000000000005"}));
  EXPECT_EQ(hex(due({1}, kAccount, kRow, 2)), join({"8000000000000001", kAccountHex, kRowHex, "02"}));
  EXPECT_EQ(hex(user(kAccount, "AIDA")), join({kAccountHex, "4149444100"}));
  EXPECT_EQ(hex(user_name(kAccount, "ann")), join({kAccountHex, "616e6e00"}));
  EXPECT_EQ(hex(user_policy(kAccount, "AIDA", "p")), join({kAccountHex, "4149444100", "7000"}));
  EXPECT_EQ(hex(access_key("AKIA")), "414b494100");
  EXPECT_EQ(hex(user_access_key(kAccount, "AIDA", "AKIA")), join({kAccountHex, "4149444100", "414b494100"}));
}

TEST(RecordKeys, PrefixesListWhatBelongsTogether) {
  using namespace record_key;
  const RowId other = sample::row(0x11);
  EXPECT_TRUE(starts_with(epoch(kAccount, 1), epochs_of(kAccount)));
  EXPECT_TRUE(starts_with(key(kAccount, kRow), keys_of(kAccount)));
  EXPECT_TRUE(starts_with(key_id(kAccount, "r", "k"), key_ids_of(kAccount, "r")));
  EXPECT_TRUE(starts_with(alias(kAccount, "r", "alias/x"), aliases_of(kAccount, "r")));
  EXPECT_TRUE(starts_with(user(kAccount, "u"), users_of(kAccount)));
  EXPECT_TRUE(starts_with(user_policy(kAccount, "u", "p"), user_policies_of(kAccount, "u")));
  EXPECT_TRUE(starts_with(user_access_key(kAccount, "u", "a"), user_access_keys_of(kAccount, "u")));
  const Bytes of = of_key(kAccount, kRow);
  for (const Bytes& row :
       {version(kAccount, kRow, 1), object(kAccount, kRow, 1, 0), transition(kAccount, kRow, 1),
        key_policy(kAccount, kRow, 1), key_alias(kAccount, kRow, "alias/x"), grant(kAccount, kRow, "ab"),
        grant_grantee(kAccount, kRow, "AIDA", "ab"), grant_count(kAccount, kRow, 1)}) {
    EXPECT_TRUE(starts_with(row, of));
    EXPECT_FALSE(starts_with(row, of_key(kAccount, other)));
    EXPECT_FALSE(starts_with(row, of_key("111122223334", kRow)));
  }
}

// "us-east-1" must not list what lies in "us-east-10", nor one user what is of another whose id goes on.
TEST(RecordKeys, APrefixOfATextIsNotItsPrefix) {
  using namespace record_key;
  EXPECT_FALSE(starts_with(key_id(kAccount, "us-east-10", "k"), key_ids_of(kAccount, "us-east-1")));
  EXPECT_FALSE(starts_with(alias(kAccount, "us-east-10", "alias/x"), aliases_of(kAccount, "us-east-1")));
  EXPECT_FALSE(starts_with(user_policy(kAccount, "AIDAB", "p"), user_policies_of(kAccount, "AIDA")));
  EXPECT_FALSE(starts_with(user_access_key(kAccount, "AIDAB", "p"), user_access_keys_of(kAccount, "AIDA")));
  EXPECT_NE(alias(kAccount, "ab", "c"), alias(kAccount, "a", "bc"));
}

TEST(RecordKeys, ByteOrderIsNumberOrder) {
  using namespace record_key;
  EXPECT_LT(version(kAccount, kRow, 255), version(kAccount, kRow, 256));
  EXPECT_LT(transition(kAccount, kRow, 0xffffffff), transition(kAccount, kRow, 0x100000000));
  EXPECT_LT(alias(kAccount, "r", "alias/x"), alias(kAccount, "r", "alias/x1"));
  EXPECT_LT(due({-1}, kAccount, kRow, 1), due({0}, kAccount, kRow, 1));
  EXPECT_LT(due({0}, "999999999999", kRow, 2), due({1}, "000000000000", kRow, 1));
}

TEST(RetireeKey, ParsesBackAndRefusesDamage) {
  const std::string grant_id(64, 'a');
  const Bytes prefix = record_key::grants_of_retiree("AIDA", "r-1");
  const Bytes key = record_key::grant_retiree("AIDA", "r-1", grant_id, kAccount, kRow);
  const auto entry = parse_grant_retiree(key, prefix);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->grant_id, grant_id);
  EXPECT_EQ(entry->account, kAccount);
  EXPECT_EQ(entry->row, kRow);
  EXPECT_FALSE(parse_grant_retiree(key, record_key::grants_of_retiree("AIDB", "r-1")));
  for (std::size_t size = 0; size < key.size(); ++size)
    EXPECT_FALSE(parse_grant_retiree(ByteView(key).first(size), prefix));
  EXPECT_FALSE(parse_grant_retiree(record_key::grant_retiree("AIDA", "r-1", grant_id, "11112222333x", kRow), prefix));
  Bytes longer = key;
  longer.push_back(0);
  EXPECT_FALSE(parse_grant_retiree(longer, prefix));
}

TEST(DueKey, ParsesBack) {
  for (const std::int64_t micros : {std::int64_t{0}, std::int64_t{-5}, sample::kTime.micros, INT64_MAX, INT64_MIN}) {
    const auto entry = parse_due_key(record_key::due({micros}, kAccount, kRow, 2));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->when.micros, micros);
    EXPECT_EQ(entry->account, kAccount);
    EXPECT_EQ(entry->row, kRow);
    EXPECT_EQ(entry->kind, DueKind::kDelete);
  }
}

TEST(DueKey, RefusesDamage) {
  const Bytes good = record_key::due(sample::kTime, kAccount, kRow, 1);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto entry = parse_due_key(ByteView(good).first(size));
    ASSERT_FALSE(entry) << size;
    EXPECT_EQ(entry.error().code, ErrorCode::kCorrupt);
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_due_key(longer));
  for (const std::uint8_t kind : {0, 5, 255}) EXPECT_FALSE(parse_due_key(record_key::due({0}, kAccount, kRow, kind)));
  EXPECT_FALSE(parse_due_key(record_key::due({0}, "11112222333x", kRow, 1)));
}

}  // namespace
}  // namespace kagimori
