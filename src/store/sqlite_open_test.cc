#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/batch_test.h"
#include "store/sqlite_schema.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

using testing::HasSubstr;

SqliteConnection connect(const std::filesystem::path& path) {
  auto connection = SqliteConnection::open(path, SqliteAccess::kReadWrite, 256);
  EXPECT_TRUE(connection) << connection.error().message;
  return *std::move(connection);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_refused(const SqliteOptions& options, ErrorCode code, const std::string& sentence) {
  const auto store = open_sqlite_store(options);
  ASSERT_FALSE(store) << sentence;
  EXPECT_EQ(error_code_name(store.error().code), error_code_name(code)) << store.error().message;
  EXPECT_THAT(store.error().message, HasSubstr(sentence));
}

TEST(SqliteOpen, RefusesWhatIsNoStoreAndSaysWhy) {
  TemporaryStore whole;
  whole.close();
  const std::string good = read_file(whole.path());
  std::string foreign = good;
  foreign[68] = 0;
  const struct {
    const char* name;
    std::string bytes;
    const char* sentence;
  } cases[] = {
      {"empty", "", "it is empty"},
      {"text", "This is my diary, and no database at all.", "not those of an SQLite database"},
      {"short", "SQLite", "ends within its header"},
      {"header", good.substr(0, 99), "ends within its header"},
      {"foreign", foreign, "another program"},
      {"cut", good.substr(0, good.size() - 1), "is truncated"},
      {"cut-early", good.substr(0, 4096), "is truncated"},
  };
  for (const auto& c : cases) {
    const std::filesystem::path path = whole.folder() / c.name;
    write_file(path, c.bytes);
    expect_refused({.path = path}, ErrorCode::kCorrupt, c.sentence);
    expect_refused({.path = path, .read_only = true}, ErrorCode::kCorrupt, c.sentence);
    EXPECT_EQ(read_file(path), c.bytes) << "a refused file is not touched";
  }
  expect_refused({.path = whole.folder() / "text"}, ErrorCode::kCorrupt, (whole.folder() / "text").c_str());
  expect_refused({.path = whole.folder()}, ErrorCode::kCorrupt, "not a regular file");
  expect_refused({.path = whole.folder() / "nothing"}, ErrorCode::kNotFound, "kagimori init");
  expect_refused({.path = whole.folder() / "nothing", .read_only = true}, ErrorCode::kNotFound, "kagimori init");
  expect_refused({.path = whole.path(), .create = true}, ErrorCode::kAlreadyExists, "already a file");
  expect_refused({.path = whole.folder() / "no-folder/store.db", .create = true}, ErrorCode::kIo, "No such file");
}

TEST(SqliteOpen, RefusesADamagedSchema) {
  TemporaryStore whole;
  whole.close();
  std::string bytes = read_file(whole.path());
  std::fill(bytes.begin() + 100, bytes.begin() + 4096, '\x5a');
  write_file(whole.path(), bytes);
  const auto store = open_sqlite_store({.path = whole.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt) << store.error().message;
  EXPECT_THAT(store.error().message, HasSubstr("is damaged"));
}

TEST(SqliteOpen, RefusesANewerSchemaAndNamesBoth) {
  TemporaryStore newer;
  newer.close();
  static_cast<void>(connect(newer.path()).run("PRAGMA user_version=99"));
  expect_refused({.path = newer.path()}, ErrorCode::kNewerSchema, "schema version 99");
  expect_refused({.path = newer.path(), .read_only = true}, ErrorCode::kNewerSchema,
                 "versions up to " + std::to_string(sqlite_migrations().back().version));
}

TEST(SqliteOpen, OneFailedOpeningDoesNotMakeTheStoreUnclean) {
  TemporaryStore store;
  store.close();
  ASSERT_TRUE(connect(store.path()).run("PRAGMA user_version=99"));
  ASSERT_FALSE(open_sqlite_store({.path = store.path()}));
  ASSERT_TRUE(connect(store.path()).run("PRAGMA user_version=" + std::to_string(sqlite_migrations().back().version)));
  const auto opened = open_sqlite_store({.path = store.path()});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE((*opened)->was_unclean());
}

TEST(SqliteOpen, KeepsASecondServerOut) {
  TemporaryStore store;
  const auto second = open_sqlite_store({.path = store.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_THAT(second.error().message, HasSubstr("is in use by process " + std::to_string(::getpid()) + "."));
  ASSERT_TRUE(store->commit_and_wait({})) << "the first goes on";
  store.reopen();
  EXPECT_FALSE(store->was_unclean());
}

TEST(SqliteOpen, KnowsAnUncleanEnd) {
  TemporaryStore store;
  EXPECT_FALSE(store->was_unclean());
  store.reopen();
  EXPECT_FALSE(store->was_unclean());
  store.close();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto mine = open_sqlite_store({.path = store.path()});
    ::_exit(mine && !(*mine)->was_unclean() ? 7 : 8);  // without closing
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 7);
  store.reopen();
  EXPECT_TRUE(store->was_unclean());
  store.reopen();
  EXPECT_FALSE(store->was_unclean());
}

TEST(SqliteOpen, KnowsAnUncleanEndByTheLogIfTheLockFileIsGone) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait({}));
  const std::filesystem::path copy = store.folder() / "copy.db";
  std::filesystem::copy_file(store.path(), copy);
  std::filesystem::copy_file(store.path().string() + "-wal", copy.string() + "-wal");
  const auto opened = open_sqlite_store({.path = copy});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE((*opened)->was_unclean());
  EXPECT_EQ((*(*opened)->read())->store_revision(), 1U);
}

TEST(SqliteOpen, LeavesNothingOfAnInterruptedCreation) {
  TemporaryStore store;
  const std::filesystem::path path = store.folder() / "made.db";
  write_file(path.string() + ".new", "half a store");
  const auto made = open_sqlite_store({.path = path, .create = true});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".new"));
  EXPECT_FALSE((*made)->was_unclean());
}

TEST(SqliteOpen, MakesEveryFilePrivateWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0022}, mode_t{0077}, mode_t{0577}}) {
    const mode_t before = ::umask(0077);
    TemporaryStore folder;
    const std::filesystem::path path = folder.folder() / "private.db";
    ::umask(mask);
    const auto store = open_sqlite_store({.path = path, .create = true});
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")})));
    ASSERT_EQ(value_at(**store, Table::kKeys, "k"), "v");
    const Status copied = (*store)->backup(folder.folder() / "private.backup");
    ASSERT_TRUE(copied) << copied.error().message;
    ::umask(before);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.folder())) {
      if (!entry.path().filename().string().starts_with("private")) continue;
      ++files;
      struct stat status = {};
      ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 07777, 0600U) << entry.path();
    }
    EXPECT_EQ(files, 5) << "database, log, its index, lock, backup";
  }
}

TEST(SqliteOpen, TakesRightsOfOthersFromAnExistingStore) {
  TemporaryStore store;
  store.close();
  std::filesystem::permissions(store.path(), std::filesystem::perms(0644));
  store.reopen();
  EXPECT_EQ(std::filesystem::status(store.path()).permissions(), std::filesystem::perms(0600));
}

TEST(SqliteOpen, SetsConnectionsUpAsPromised) {
  TemporaryStore store;
  store.close();
  SqliteConnection connection = connect(store.path());
  const std::pair<const char*, std::uint64_t> settings[] = {
      {"synchronous", 2},
      {"foreign_keys", 1},
      {"secure_delete", 1},
      {"trusted_schema", 0},
      {"cell_size_check", 1},
      {"temp_store", 2},
      {"page_size", 4096},
      {"application_id", kSqliteApplicationId},
      {"user_version", sqlite_migrations().back().version},
  };
  for (const auto& [name, value] : settings)
    EXPECT_EQ(connection.read_integer("PRAGMA " + std::string(name)).value(), value) << name;
  auto mode = connection.prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode->step().value());
  EXPECT_EQ(mode->text(0), "wal");
}

}  // namespace
}  // namespace kagimori
