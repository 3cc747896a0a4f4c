#include "engine/transaction.h"

#include <gtest/gtest.h>

#include "engine/key_house_test.h"
#include "engine/users.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;

// A transaction with its trail, on the view of now.
struct Try {
  explicit Try(KeyHouse& house)
      : transaction(house.environment(), *house.store->read(), house.caller(house.admin), trail) {}
  Trail trail;
  Transaction transaction;
};

class TransactionTest : public testing::Test {
 protected:
  Result<std::uint64_t> commit(Try& attempt) { return house_.store->commit_and_wait(attempt.transaction.take_batch()); }
  std::optional<std::uint64_t> revision(const Bytes& key) {
    const auto found = *(*house_.store->read())->get(Table::kMeta, key);
    return found ? std::optional(found->revision) : std::nullopt;
  }

  KeyHouse house_;
  const Bytes name_ = to_bytes(as_bytes("test-record"));
};

TEST_F(TransactionTest, OfTwoOnOneViewTheSecondIsStale) {
  const std::string key_id = house_.make_key();
  Try first(house_), second(house_);
  ASSERT_TRUE(update_key_description(first.transaction, key_id, "first"));
  ASSERT_TRUE(update_key_description(second.transaction, key_id, "second"));
  EXPECT_TRUE(commit(first));
  EXPECT_EQ(code_of(commit(second)), ErrorCode::kStale);
  EXPECT_EQ(house_.key(key_id).description, "first");
}

TEST_F(TransactionTest, ReadingAloneIsEnoughToBeStale) {
  const std::string key_id = house_.make_key();
  Try reader(house_);
  ASSERT_TRUE(reader.transaction.find_key(key_id, false));
  ASSERT_TRUE(reader.transaction.put(kOperator, Table::kMeta, name_, Bytes{1}));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return disable_key(t, key_id); }));
  EXPECT_EQ(code_of(commit(reader)), ErrorCode::kStale);
  EXPECT_FALSE(revision(name_));
}

TEST_F(TransactionTest, AbsenceThatWasReadIsAnExpectation) {
  Try reader(house_), writer(house_);
  const auto none = reader.transaction.get<Bytes>(kOperator, Table::kMeta, name_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  ASSERT_TRUE(reader.transaction.put(kOperator, Table::kMeta, to_bytes(as_bytes("other")), Bytes{1}));
  ASSERT_TRUE(writer.transaction.put(kOperator, Table::kMeta, name_, Bytes{1}));
  ASSERT_TRUE(commit(writer));
  EXPECT_EQ(code_of(commit(reader)), ErrorCode::kStale);
}

TEST_F(TransactionTest, ChangesOfDifferentRecordsDoNotMeet) {
  const std::string one = house_.make_key();
  const std::string two = house_.make_key();
  Try first(house_), second(house_);
  ASSERT_TRUE(update_key_description(first.transaction, one, "1"));
  ASSERT_TRUE(update_key_description(second.transaction, two, "2"));
  EXPECT_TRUE(commit(first));
  EXPECT_TRUE(commit(second));
}

TEST_F(TransactionTest, PutNewRefusesWhatIsThere) {
  Try first(house_), second(house_);
  ASSERT_TRUE(first.transaction.put_new(kOperator, Table::kMeta, name_, Bytes{1}));
  ASSERT_TRUE(second.transaction.put_new(kOperator, Table::kMeta, name_, Bytes{2}));
  ASSERT_TRUE(commit(first));
  EXPECT_EQ(code_of(commit(second)), ErrorCode::kStale);
  Try late(house_);
  ASSERT_TRUE(late.transaction.put_new(kOperator, Table::kMeta, name_, Bytes{3}));
  EXPECT_EQ(code_of(commit(late)), ErrorCode::kStale);
}

TEST_F(TransactionTest, RevisionsGrowAcrossDeletionAndReCreation) {
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int change = 0; change < 2; ++change) {
      Try put(house_);
      ASSERT_TRUE(put.transaction.put(kOperator, Table::kMeta, name_, Bytes{1}));
      ASSERT_TRUE(commit(put));
      ASSERT_TRUE(revision(name_));
      EXPECT_GT(*revision(name_), last);
      last = *revision(name_);
    }
    Try erase(house_);
    ASSERT_TRUE(erase.transaction.erase(Table::kMeta, name_));
    ASSERT_TRUE(commit(erase));
    EXPECT_FALSE(revision(name_));
  }
}

TEST_F(TransactionTest, ErasingWhatIsAbsentWritesNothing) {
  Try erase(house_);
  ASSERT_TRUE(erase.transaction.erase(Table::kMeta, name_));
  EXPECT_FALSE(erase.transaction.has_writes());
}

TEST_F(TransactionTest, AForgedRecordIsNotBelieved) {
  const std::string key_id = house_.make_key();
  const Key key = house_.key(key_id);
  const Bytes primary_key = record_key::key(kOperator, key.row);
  const auto read = *house_.store->read();
  StoredRecord stored = **read->get(Table::kKeys, primary_key);
  stored.value.back() ^= 1;
  Batch batch;
  batch.writes.push_back({Table::kKeys, primary_key, read->store_revision() + 1, stored.value});
  ASSERT_TRUE(house_.store->commit_and_wait(std::move(batch)));
  Try attempt(house_);
  EXPECT_EQ(code_of(attempt.transaction.find_key(key_id, false)), ErrorCode::kCorrupt);
}

struct ReferenceCase {
  std::string reference;
  bool allow_alias;
  std::optional<ErrorCode> code;
};

TEST_F(TransactionTest, FindsKeysByEveryNameAndNoOther) {
  const std::string id = house_.make_key();
  const std::string nobody = "11111111-1111-4111-8111-111111111111";
  const std::string arn = "arn:aws:kms:us-east-1:100000000001:";
  const ReferenceCase cases[] = {
      {id, false, std::nullopt},
      {arn + "key/" + id, false, std::nullopt},
      {nobody, false, ErrorCode::kNotFound},
      {arn + "key/" + nobody, false, ErrorCode::kNotFound},
      {"arn:aws:kms:us-east-1:100000000002:key/" + id, false, ErrorCode::kAccessDenied},
      {"arn:aws:kms:eu-west-1:100000000001:key/" + id, false, ErrorCode::kNotFound},
      {"alias/none", false, ErrorCode::kNotFound},
      {"alias/none", true, ErrorCode::kNotFound},
  };
  for (const ReferenceCase& c : cases) {
    Try attempt(house_);
    EXPECT_EQ(code_of(attempt.transaction.find_key(c.reference, c.allow_alias)), c.code) << c.reference;
  }
}

TEST_F(TransactionTest, TheCallerIsCheckedAnew) {
  const std::string access_key = house_.make_user("bob", engine_test::allow("*"));
  const Caller caller = house_.caller(access_key);
  Trail trail;
  {
    Transaction before(house_.environment(), *house_.store->read(), caller, trail);
    EXPECT_TRUE(before.check_caller());
  }
  // The caller stays the one of before; the store has moved on.
  ASSERT_TRUE(house_.put_policy("bob", "test", engine_test::allow("kms:ListKeys")));
  {
    Transaction changed(house_.environment(), *house_.store->read(), caller, trail);
    EXPECT_TRUE(changed.check_caller());
    EXPECT_FALSE(changed.authorize({"kms:CreateKey", "*", nullptr, false, {}}));
    EXPECT_TRUE(changed.authorize({"kms:ListKeys", "*", nullptr, false, {}}));
  }
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_access_key(t, "bob", access_key); }));
  Transaction gone(house_.environment(), *house_.store->read(), caller, trail);
  EXPECT_EQ(code_of(gone.check_caller()), ErrorCode::kUnrecognizedClient);
}

TEST_F(TransactionTest, ACallerWhoLosesItsKeyMeanwhileCommitsNothing) {
  const std::string access_key = house_.make_user("bob", engine_test::allow("*"));
  Trail trail;
  Transaction late(house_.environment(), *house_.store->read(), house_.caller(access_key), trail);
  ASSERT_TRUE(late.check_caller());
  ASSERT_TRUE(create_key(late, {}));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_access_key(t, "bob", access_key); }));
  EXPECT_EQ(code_of(house_.store->commit_and_wait(late.take_batch())), ErrorCode::kStale);
}

}  // namespace
}  // namespace kagimori
