#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "model/record_keys.h"
#include "seal/account_number.h"
#include "seal/root_opening.h"
#include "seal/sealed_batch.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

namespace fs = std::filesystem;
using seal_test::FaultStore;
using seal_test::kAccount;
using seal_test::kStoreId;
using seal_test::Vault;
using ::testing::HasSubstr;

constexpr int kAccounts = 300;  // more than one batch of epochs

class RootRotationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Batch batch;
    for (int i = 0; i < kAccounts; ++i) {
      ASSERT_TRUE(vault_.keyrings->create_account(*vault_.crypto, account(i), batch));
    }
    ASSERT_TRUE(vault_.store.commit_and_wait(std::move(batch)));
    for (const int i : {0, 1, kAccounts - 1}) ASSERT_TRUE(put(i, Table::kAliases, "content"));
    vault_.keyrings.reset();
    fs::copy_file(vault_.key_file(), old_key_file());
  }

  static std::string account(int i) { return account_text(111'100'000'000 + static_cast<std::uint64_t>(i)); }
  fs::path old_key_file() const { return vault_.folder.path() / "old-key"; }
  Status put(int i, Table table, std::string_view content) {
    return vault_.put(account(i), table, as_bytes(fmt::format("k{}", i)), as_bytes(content));
  }

  // As the command does: a new process each time.
  Status rotate() {
    TRY_ASSIGN(const StoreMeta meta, read_store_meta(vault_.store));
    TRY_ASSIGN(const auto envelope, KeyFileEnvelope::load(*vault_.crypto, vault_.key_file(), meta.store_id));
    return rotate_root(*vault_.crypto, vault_.options(vault_.store), *envelope);
  }

  void expect_data_opens(const char* when) {
    const auto keyrings = vault_.open(vault_.store);
    ASSERT_TRUE(keyrings) << when << ": " << keyrings.error().message;
    for (const int i : {0, 1, kAccounts - 1}) {
      const StoredRecord record = *vault_.record(Table::kAliases, as_bytes(fmt::format("k{}", i)));
      const auto content = (*keyrings)->open_record(*vault_.crypto, account(i), Table::kAliases, record);
      ASSERT_TRUE(content) << when << ": " << content.error().message;
      EXPECT_EQ(as_text(*content), "content");
    }
  }

  void expect_rotated(const char* when, std::uint32_t generation = 2) {
    expect_data_opens(when);
    const StoreMeta meta = *read_store_meta(vault_.store);
    EXPECT_EQ(meta.root_generation, generation) << when;
    EXPECT_EQ(meta.next_generation, 0u) << when;
    for (const Table table : {Table::kMeta, Table::kEnvelopes, Table::kEpochs}) {
      for (const StoredRecord& record : vault_.all(table)) {
        EXPECT_EQ(parse_root_record(table, record)->generation, generation) << when;
      }
    }
    EXPECT_EQ(vault_.all(Table::kEnvelopes).size(), 1u) << when;
    EXPECT_FALSE(load(vault_.key_file())->rotation_begun()) << when;
    EXPECT_EQ(entries(), (std::set<std::string>{"key", "old-key"})) << when;
    expect_old_key_file_void(when);
  }

  void expect_old_key_file_void(const char* when) {
    const auto opened = open_root(*vault_.crypto, vault_.options(vault_.store), *load(old_key_file()));
    ASSERT_FALSE(opened) << when;
    EXPECT_EQ(opened.error().code, ErrorCode::kWrongRootKey) << when;
  }

  std::unique_ptr<KeyFileEnvelope> load(const fs::path& file) {
    return *KeyFileEnvelope::load(*vault_.crypto, file, kStoreId);
  }

  std::set<std::string> entries() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(vault_.folder.path())) names.insert(entry.path().filename());
    return names;
  }

  Vault vault_;
};

TEST_F(RootRotationTest, MakesTheOldKeyFileVoidAndKeepsTheData) {
  bool scrubbed = false;
  vault_.store.before_commit([&](const Batch& batch) { scrubbed = batch.scrub; });
  const auto rotated = rotate();
  ASSERT_TRUE(rotated) << rotated.error().message;
  EXPECT_TRUE(scrubbed);  // the last batch leaves nothing of the old root key's records behind
  expect_rotated("once");
  ASSERT_TRUE(rotate());
  expect_rotated("twice", 3);
}

TEST_F(RootRotationTest, GoesOnAfterBeingKilledAtEveryCommit) {
  std::uint32_t generation = 1;
  for (const auto fault : {FaultStore::Fault::kBefore, FaultStore::Fault::kAfter}) {
    // begin, two batches of epochs, finish
    for (const std::size_t n : {1u, 2u, 3u, 4u}) {
      const std::string when =
          fmt::format("killed {} commit {}", fault == FaultStore::Fault::kAfter ? "after" : "before", n);
      vault_.store.fail_commit(n, fault);
      EXPECT_FALSE(rotate()) << when;
      vault_.store.heal();
      expect_data_opens(when.c_str());
      const auto resumed = rotate();
      ASSERT_TRUE(resumed) << when << ": " << resumed.error().message;
      expect_rotated(when.c_str(), ++generation);
    }
  }
}

TEST_F(RootRotationTest, GoesOnAfterBeingKilledTwice) {
  vault_.store.fail_commit(2, FaultStore::Fault::kBefore);
  EXPECT_FALSE(rotate());
  vault_.store.heal();
  vault_.store.fail_commit(2, FaultStore::Fault::kBefore);
  EXPECT_FALSE(rotate());
  vault_.store.heal();
  ASSERT_TRUE(rotate());
  expect_rotated("after two kills");
}

// Dead between the new key in the file and the first commit.
TEST_F(RootRotationTest, GoesOnAfterTheKeyFilesFirstStep) {
  ASSERT_TRUE(load(vault_.key_file())->begin_rotation(*vault_.crypto, *vault_.random));
  EXPECT_TRUE(load(vault_.key_file())->rotation_begun());
  expect_data_opens("two keys in the file");
  ASSERT_TRUE(rotate());
  expect_rotated("after the file's first step");
}

// Dead between the last commit and the file's second step.
TEST_F(RootRotationTest, GoesOnBeforeTheKeyFilesSecondStep) {
  const fs::path both = vault_.folder.path() / "both";
  vault_.store.before_commit([&](const Batch& batch) {
    if (batch.scrub) fs::copy_file(vault_.key_file(), both);
  });
  ASSERT_TRUE(rotate());
  vault_.store.before_commit({});
  fs::rename(both, vault_.key_file());
  expect_data_opens("two keys in the file, one in use");
  const std::size_t before = vault_.store.commits();
  ASSERT_TRUE(rotate());
  EXPECT_EQ(vault_.store.commits(), before);  // it ends the rotation, it does not begin another one
  expect_rotated("after the file's second step");
}

// Dead within a step of the file: remains lie beside it.
TEST_F(RootRotationTest, ClearsWhatAKilledReplacementLeft) {
  const fs::path unfinished = fs::path(vault_.key_file()).concat(".new");
  const fs::path second_name = fs::path(vault_.key_file()).concat(".old");
  fs::copy_file(old_key_file(), unfinished);
  fs::create_hard_link(vault_.key_file(), second_name);  // killed before the new file took the name
  expect_data_opens("with remains");
  ASSERT_TRUE(rotate());
  expect_rotated("with remains before");

  fs::copy_file(old_key_file(), second_name);  // killed after it
  const int fd = ::open(second_name.c_str(), O_RDONLY);
  const auto envelope = load(vault_.key_file());
  ASSERT_TRUE(envelope->finish_rotation(*vault_.crypto));
  std::array<char, 1024> bytes{};
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  ASSERT_GT(size, 0);
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + size, [](char c) { return c == 0; }));
  expect_rotated("with remains after");
}

// The interruption is no obstacle for the server, and what it makes meanwhile is not forgotten.
TEST_F(RootRotationTest, AServerMayRunInBetween) {
  vault_.store.fail_commit(3, FaultStore::Fault::kBefore);
  EXPECT_FALSE(rotate());
  vault_.store.heal();
  ASSERT_NO_FATAL_FAILURE(vault_.reopen());
  ASSERT_TRUE(vault_.add_account(kAccount));
  ASSERT_TRUE(vault_.put(kAccount, Table::kAliases, as_bytes("new"), as_bytes("content")));
  vault_.clock.advance_seconds(86'400);
  ASSERT_TRUE(vault_.keyrings->start_due_epochs(*vault_.crypto));
  ASSERT_TRUE(put(kAccounts - 1, Table::kAliases, "content"));
  vault_.keyrings.reset();
  ASSERT_TRUE(rotate());
  expect_rotated("with a server in between");
}

TEST_F(RootRotationTest, RefusesWhenAnotherEnvelopeWouldBecomeVoid) {
  const fs::path other_file = vault_.folder.path() / "other-key";
  const auto other = *KeyFileEnvelope::create(*vault_.crypto, *vault_.random, other_file, kStoreId);
  EnvelopeRecord record;
  record.id = 2;
  const SecretBytes root(kRootKeySize);  // it never gets so far as to be opened
  ASSERT_TRUE(other->wrap(*vault_.crypto, *vault_.random, kStoreId, root, record));
  const OpenedRoot opened = *open_root_keys(*vault_.crypto, vault_.store, *load(vault_.key_file()));
  const std::uint64_t revision = opened.meta.record.revision + 1'000;
  Batch batch;
  batch.writes.push_back({Table::kEnvelopes, envelope_key(2), revision,
                          opened.generations.newest().seal_record(*vault_.crypto, Table::kEnvelopes, envelope_key(2),
                                                                  revision, encode_envelope(record))});
  ASSERT_TRUE(vault_.store.commit_and_wait(std::move(batch)));

  expect_data_opens("with two envelopes");
  const std::size_t before = vault_.store.commits();
  const auto refused = rotate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("The store has another envelope, 2 (" + other_file.string() + ")"));
  EXPECT_EQ(vault_.store.commits(), before);
  EXPECT_FALSE(load(vault_.key_file())->rotation_begun());
}

TEST_F(RootRotationTest, StopsWhenSomethingElseChangesTheStore) {
  bool done = false;
  vault_.store.before_commit([&](const Batch& batch) {
    if (done || !batch.scrub) return;
    done = true;
    StoredRecord meta = *vault_.record(Table::kMeta, meta_key());
    Batch other;
    other.writes.push_back({Table::kMeta, meta.key, meta.revision + 10'000, meta.value});
    EXPECT_TRUE((*vault_.temporary).commit_and_wait(std::move(other)));
  });
  const auto refused = rotate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace kagimori
