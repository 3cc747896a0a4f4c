#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "seal/epoch.h"
#include "seal/epoch_cache.h"
#include "seal/epoch_table.h"
#include "seal/guarded_random.h"
#include "seal/keyring.h"
#include "seal/root_keys.h"
#include "store/store.h"

namespace kagimori {

// The epochs of all accounts between store and memory: loads them, makes new ones, counts their uses. Any thread; each
// caller brings its own CryptoContext.
class Epochs {
 public:
  Epochs(Store& store, const Clock& clock, RandomSource& random, RootGenerations roots, const KeyringOptions& options)
      : store_(store), clock_(clock), random_(random), roots_(std::move(roots)), table_(roots_), options_(options) {}

  // The newest epoch of the account. kNotFound when the account has no keyring.
  Result<std::shared_ptr<Epoch>> current(CryptoContext& crypto, std::uint64_t account);
  // kNotFound when there is no such epoch (any more).
  Result<std::shared_ptr<Epoch>> find(CryptoContext& crypto, const EpochName& name);

  // Adds the first epoch of a new account to the batch; it is in memory when this returns. kAlreadyExists.
  Status create_first(CryptoContext& crypto, std::uint64_t account, Batch& batch);
  // Counts one wrap. Waits for a commit when the uses reserved on disk are spent (once in 65,536 times).
  Status count_use(CryptoContext& crypto, Epoch& epoch);
  // A new epoch for every account whose current one is too old or used too often.
  Status start_due(CryptoContext& crypto);

  // How often epochs were superseded since the start.
  std::uint64_t supersessions() const { return supersessions_.load(std::memory_order_relaxed); }

  void forget(const EpochName& name) { cache_.erase(name); }
  const EpochTable& table() const { return table_; }
  RandomSource& random() { return random_; }

 private:
  struct Fresh {
    StoredEpoch stored;
    std::shared_ptr<Epoch> epoch;
  };

  std::uint64_t use_block() const;
  Result<Fresh> make(CryptoContext& crypto, const EpochName& name);
  Result<std::shared_ptr<Epoch>> load(CryptoContext& crypto, const EpochName& name, const StoredEpoch& stored) const;
  Result<std::optional<StoredRecord>> newest_record(std::uint64_t account);
  Status reserve(CryptoContext& crypto, Epoch& epoch);
  Result<std::vector<EpochName>> find_due(CryptoContext& crypto);
  Status supersede(CryptoContext& crypto, std::span<const EpochName> due);
  Status supersede_at_once(CryptoContext& crypto, std::span<const EpochName> due);
  Status add_successor(CryptoContext& crypto, ReadTransaction& view, const EpochName& old_name, Batch& batch,
                       std::vector<std::shared_ptr<Epoch>>& successors);

  // 64 bytes of secret memory each: 256 KiB of it at most.
  static constexpr std::size_t kCachedEpochs = 4096;

  Store& store_;
  const Clock& clock_;
  GuardedRandom random_;
  const RootGenerations roots_;
  const EpochTable table_;
  const KeyringOptions options_;
  EpochCache cache_{kCachedEpochs};

  // Held while an epoch goes from the store to the cache or a new one comes to be, so that a slow load can't make an
  // epoch current again that has been superseded: what is sealed under such a one is lost when it is deleted.
  std::mutex change_mutex_;
  // First epochs that were put into a batch and not yet seen in the store: a second try gets the same key, because
  // either batch may be the one that commits. Guarded by change_mutex_.
  std::map<std::uint64_t, StoredEpoch> pending_;

  std::atomic<std::uint64_t> supersessions_{0};
  std::atomic<bool> used_up_{false};       // an epoch has reached its number of uses since the last look
  std::atomic<std::int64_t> next_due_{0};  // microseconds; no epoch is too old before
};

}  // namespace kagimori
