#include "store/sqlite_schema.h"

#include "store/batch_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

const std::uint32_t kNewest = sqlite_migrations().back().version;

class Schema : public testing::Test {
 protected:
  Schema() {
    folder_.close();
    auto opened = SqliteConnection::open(folder_.path(), SqliteAccess::kReadWrite, 256);
    connection_.emplace(*std::move(opened));
  }
  std::uint64_t version() { return connection_->read_integer("PRAGMA user_version").value(); }
  std::uint64_t count(const std::string& table) {
    return connection_->read_integer("SELECT count(*) FROM sqlite_schema WHERE name='" + table + "'").value();
  }
  static std::vector<SqliteMigration> steps_and(std::vector<SqliteMigration> more) {
    std::vector<SqliteMigration> steps = sqlite_migrations();
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
  }

  TemporaryStore folder_;
  std::optional<SqliteConnection> connection_;
};

TEST_F(Schema, HasEveryTable) {
  for (const Table table : kAllTables) EXPECT_EQ(count(sqlite_table_name(table)), 1U) << table_name(table);
  EXPECT_EQ(version(), sqlite_migrations().back().version);
}

TEST_F(Schema, GoesUpStepByStepAndOnce) {
  const auto steps = steps_and({{kNewest + 1, "CREATE TABLE second(x)"}, {kNewest + 2, "CREATE TABLE third(x)"}});
  ASSERT_TRUE(migrate(*connection_, steps));
  EXPECT_EQ(version(), kNewest + 2);
  EXPECT_EQ(count("second") + count("third"), 2U);
  ASSERT_TRUE(migrate(*connection_, steps)) << "nothing is left to do";
}

TEST_F(Schema, AFailedStepLeavesTheStepsBeforeIt) {
  const Status status = migrate(*connection_, steps_and({{kNewest + 1, "CREATE TABLE second(x)"},
                                                         {kNewest + 2, "CREATE TABLE third(x); CREATE NONSENSE"}}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInternal);
  EXPECT_EQ(version(), kNewest + 1);
  EXPECT_EQ(count("second"), 1U);
  EXPECT_EQ(count("third"), 0U);
  EXPECT_FALSE(connection_->in_transaction());
  ASSERT_TRUE(migrate(*connection_,
                      steps_and({{kNewest + 1, "CREATE TABLE second(x)"}, {kNewest + 2, "CREATE TABLE third(x)"}})));
  EXPECT_EQ(version(), kNewest + 2);
}

TEST_F(Schema, TellsNewerAndOlderApart) {
  const auto newer = steps_and({{kNewest + 1, "CREATE TABLE second(x)"}});
  const Status older_store = require_schema(*connection_, newer);
  ASSERT_FALSE(older_store);
  EXPECT_EQ(older_store.error().code, ErrorCode::kUnsupportedOperation);
  ASSERT_TRUE(migrate(*connection_, newer));
  EXPECT_TRUE(require_schema(*connection_, newer));
  for (const Status& status :
       {require_schema(*connection_, sqlite_migrations()), migrate(*connection_, sqlite_migrations())}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kNewerSchema);
    EXPECT_THAT(status.error().message, testing::HasSubstr("version " + std::to_string(kNewest + 1)));
    EXPECT_THAT(status.error().message, testing::HasSubstr("up to " + std::to_string(kNewest)));
  }
  EXPECT_EQ(version(), kNewest + 1);
}

}  // namespace
}  // namespace kagimori
