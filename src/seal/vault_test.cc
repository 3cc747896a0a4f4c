#include "seal/vault_test.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "model/ids.h"
#include "seal/sealed_batch.h"

namespace kagimori::seal_test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "kagimori-seal-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

class FaultStore::View final : public ReadTransaction {
 public:
  View(const FaultStore& store, std::unique_ptr<ReadTransaction> view) : store_(store), view_(std::move(view)) {}
  std::uint64_t store_revision() const override { return view_->store_revision(); }
  Result<std::optional<StoredRecord>> get(Table table, ByteView key) override {
    const auto forged = store_.forged_.find({table, to_bytes(key)});
    if (forged != store_.forged_.end()) return forged->second;
    return view_->get(table, key);
  }
  Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit) override {
    TRY_ASSIGN(std::vector<StoredRecord> records, view_->scan(table, prefix, after, limit));
    for (auto record = records.begin(); record != records.end();) {
      const auto forged = store_.forged_.find({table, record->key});
      if (forged == store_.forged_.end()) {
        ++record;
      } else if (forged->second) {
        *record++ = *forged->second;
      } else {
        record = records.erase(record);
      }
    }
    return records;
  }

 private:
  const FaultStore& store_;
  std::unique_ptr<ReadTransaction> view_;
};

Result<std::unique_ptr<ReadTransaction>> FaultStore::read() {
  TRY_ASSIGN(std::unique_ptr<ReadTransaction> view, store_.read());
  return std::make_unique<View>(*this, std::move(view));
}

void FaultStore::fail_commit(std::size_t n, Fault fault) {
  fail_at_ = commits_ + n;
  fault_ = fault;
}

void FaultStore::commit(Batch batch, Committed done) {
  ++commits_;
  if (hook_) hook_(batch);
  const bool fails = fault_ != Fault::kNone && commits_ >= fail_at_;
  if (fails && (fault_ == Fault::kBefore || commits_ > fail_at_)) {
    return done(fail(ErrorCode::kIo, "The test cut the store off."));
  }
  if (!fails) return store_.commit(std::move(batch), std::move(done));
  store_.commit(std::move(batch),
                [done = std::move(done)](const Result<std::uint64_t>&) { done(fail(ErrorCode::kIo, "Cut off.")); });
}

Vault::Vault(KeyringOptions the_options) : keyring_options(the_options) {
  auto envelope = KeyFileEnvelope::create(*crypto, *random, key_file(), kStoreId);
  EXPECT_TRUE(envelope) << envelope.error().message;
  auto created = create_root(*crypto, options(store), std::string(kStoreId), false, **envelope);
  EXPECT_TRUE(created) << created.error().message;
  keyrings = *std::move(created);
}

Result<std::unique_ptr<Keyrings>> Vault::open(Store& the_store) {
  TRY_ASSIGN(const StoreMeta meta, read_store_meta(the_store));
  TRY_ASSIGN(const auto envelope, KeyFileEnvelope::load(*crypto, key_file(), meta.store_id));
  return open_root(*crypto, options(the_store), *envelope);
}

void Vault::reopen() {
  keyrings.reset();
  auto opened = open(store);
  ASSERT_TRUE(opened) << opened.error().message;
  keyrings = *std::move(opened);
}

Status Vault::add_account(std::string_view account) {
  Batch batch;
  TRY(keyrings->create_account(*crypto, account, batch));
  TRY(store.commit_and_wait(std::move(batch)));
  return {};
}

Result<StoredRecord> Vault::record(Table table, ByteView key) {
  TRY_ASSIGN(const auto view, store.read());
  TRY_ASSIGN(std::optional<StoredRecord> found, view->get(table, key));
  if (!found) return fail(ErrorCode::kNotFound);
  return *std::move(found);
}

void Vault::tamper(Table table, ByteView key, const std::function<void(Bytes&)>& change) {
  Result<StoredRecord> found = record(table, key);
  ASSERT_TRUE(found);
  change(found->value);
  store.forge(table, to_bytes(key), *found);
}

Status Vault::put(std::string_view account, Table table, ByteView key, ByteView content) {
  TRY_ASSIGN(const auto view, store.read());
  TRY_ASSIGN(const std::optional<StoredRecord> found, view->get(table, key));
  SealedBatch batch(*keyrings, *crypto, view->store_revision());
  TRY(batch.put(account, table, to_bytes(key), found ? found->revision : 0, content));
  TRY(store.commit_and_wait(std::move(batch).take()));
  return {};
}

std::vector<StoredRecord> Vault::all(Table table) { return *(*store.read())->scan(table, {}, {}, 1'000'000); }

}  // namespace kagimori::seal_test
