#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "store/store.h"

namespace kagimori {

// An epoch as it lies in table kEpochs (docs/formats/keyring.md). The key is the account and the number.
struct EpochRecord {
  Timestamp created;
  std::optional<Timestamp> superseded;  // none: the current epoch of its account
  std::optional<Timestamp> last_seen;   // when the re-wrap job last found, or looked for, something under it
  std::uint64_t reserved_uses = 0;      // no process has wrapped more than this with it
  Bytes wrapped_key;                    // RootKeys::wrap_epoch
};
Bytes encode_epoch(const EpochRecord& record);
// kCorrupt or kNewerSchema.
Result<EpochRecord> decode_epoch(ByteView content);

struct EpochName {
  std::uint64_t account = 0;
  std::uint32_t number = 0;
  bool operator==(const EpochName&) const = default;
};
Bytes epoch_key(const EpochName& name);  // primary key
// kCorrupt for a primary key that is none of an epoch.
Result<EpochName> parse_epoch_key(ByteView key);

// An epoch with its keys, in memory. Shared by all threads; the keys never change.
class Epoch {
 public:
  // `key` is the epoch's 256 random bits; only what is derived from it is kept.
  static Result<std::shared_ptr<Epoch>> derive(CryptoContext& crypto, const EpochName& name, const SecretBytes& key,
                                               std::uint64_t reserved_uses);

  const EpochName& name() const { return name_; }
  ByteView wrapping_key() const { return wrapping_key_.expose(); }
  ByteView record_key() const { return record_key_.expose(); }

  // Counts one wrap, if it is among those that are reserved on disk.
  bool count_use();
  // Uses so far; those that an earlier process had reserved count as used.
  std::uint64_t uses() const { return uses_.load(std::memory_order_relaxed); }
  // These uses, and no others, are this object's from now on. With reservation_mutex held, or before it is shared.
  void grant_uses(std::uint64_t from, std::uint64_t to);
  std::mutex& reservation_mutex() { return reservation_mutex_; }  // held by the thread that reserves

  // For the cache: when it was used last, in whatever ticks the cache counts.
  void touch(std::uint64_t tick) const { tick_.store(tick, std::memory_order_relaxed); }
  std::uint64_t last_tick() const { return tick_.load(std::memory_order_relaxed); }

 private:
  Epoch() = default;

  EpochName name_;
  SecretBytes wrapping_key_;
  SecretBytes record_key_;
  std::atomic<std::uint64_t> uses_{0};
  std::atomic<std::uint64_t> reserved_{0};
  std::mutex reservation_mutex_;
  mutable std::atomic<std::uint64_t> tick_{0};
};

}  // namespace kagimori
