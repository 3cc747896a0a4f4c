#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/random.h"
#include "crypto/context.h"
#include "crypto/random.h"
#include "seal/root.h"
#include "store/forwarding_store.h"
#include "store/temporary_store.h"

namespace kagimori::seal_test {

inline constexpr std::string_view kStoreId = "0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e4b60";
inline constexpr std::string_view kAccount = "111122223333";

// Bytes that count up: the same in every run, for golden files.
class CountingRandom final : public RandomSource {
 public:
  explicit CountingRandom(std::uint8_t first = 0) : next_(first) {}
  void fill_public(std::span<std::uint8_t> out) override { fill_private(out); }
  void fill_private(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

inline std::unique_ptr<CryptoContext> make_crypto() { return *CryptoContext::create(); }

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Passes everything on to a store. One commit can be made to fail, as when the process dies there; and records can be
// made to read as if somebody had written to the database behind the store's back.
class FaultStore final : public ForwardingStore {
 public:
  enum class Fault : std::uint8_t { kNone, kBefore, kAfter };  // the batch is lost, or on disk but nobody is told

  explicit FaultStore(Store& store) : ForwardingStore(store) {}
  // The n-th commit from now on (counted from 1) fails with kIo, and so do all after it.
  void fail_commit(std::size_t n, Fault fault);
  void heal() { fault_ = Fault::kNone; }
  std::size_t commits() const { return commits_; }
  // Runs before each commit is passed on: what another thread might do at that moment.
  void before_commit(std::function<void(const Batch&)> hook) { hook_ = std::move(hook); }

  // From now on the record reads like this, at its own revision; nullopt: it is gone.
  void forge(Table table, const Bytes& key, std::optional<StoredRecord> record) {
    forged_[{table, key}] = std::move(record);
  }
  void undo_forgeries() { forged_.clear(); }

  Result<std::unique_ptr<ReadTransaction>> read() override;
  void commit(Batch batch, Committed done) override;

 private:
  class View;

  std::map<std::pair<Table, Bytes>, std::optional<StoredRecord>> forged_;
  std::size_t commits_ = 0;
  std::size_t fail_at_ = 0;
  Fault fault_ = Fault::kNone;
  std::function<void(const Batch&)> hook_;
};

// A store with a root key, and all that a test of keyrings needs.
struct Vault {
  explicit Vault(KeyringOptions options = {});

  RootOptions options(Store& any) { return {any, clock, *random, keyring_options}; }
  Result<std::unique_ptr<Keyrings>> open(Store& the_store);  // as a new process would
  void reopen();                                             // replaces `keyrings`
  Status add_account(std::string_view account);
  Result<StoredRecord> record(Table table, ByteView key);
  // Changes a value at its own revision, as somebody with access to the database could.
  void tamper(Table table, ByteView key, const std::function<void(Bytes&)>& change);
  // Seals and commits a record.
  Status put(std::string_view account, Table table, ByteView key, ByteView content);
  std::vector<StoredRecord> all(Table table);
  std::filesystem::path key_file() const { return folder.path() / "key"; }

  KeyringOptions keyring_options;
  std::unique_ptr<CryptoContext> crypto = make_crypto();
  std::unique_ptr<OpensslRandom> random = std::make_unique<OpensslRandom>(*crypto);
  ManualClock clock{Timestamp::from_seconds(1'800'000'000)};
  TemporaryFolder folder;
  TemporaryStore temporary;
  FaultStore store{*temporary};
  std::unique_ptr<Keyrings> keyrings;
};

}  // namespace kagimori::seal_test
