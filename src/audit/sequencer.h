#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/log.h"
#include "audit/log_key.h"
#include "audit/tiles.h"
#include "base/clock.h"

namespace kagimori::audit {

struct SignedCheckpoint {
  Checkpoint checkpoint;
  std::string note;     // as it lies in the file
  Timestamp signed_at;  // by this process; else the epoch
};

// What proves one event, or that a log only grew; `checkpoint` is what it leads to.
struct InclusionProof {
  std::uint64_t index = 0;
  std::vector<Hash> hashes;
  SignedCheckpoint checkpoint;
};
struct ConsistencyProof {
  std::uint64_t old_size = 0;
  std::vector<Hash> hashes;
  SignedCheckpoint checkpoint;
};

// Makes the lines of the log leaves of a tree, in the order in which they were appended, and signs what it has come to:
// at the latest half a second after an event was appended. What a checkpoint speaks of is on disk before it is signed,
// so a power failure takes nothing that somebody has seen signed. Its own thread; the log is written by others
// meanwhile.
class Sequencer {
 public:
  struct Parts {
    Log& log;
    Store& store;  // has the keys, and keeps the newest checkpoint where whoever exchanges the folder does not reach
    Keyrings& keyrings;
  };

  // Checks that the log is the one that the keys have signed, at its last checkpoint and at the one that is known of,
  // and goes on from there. Nothing is signed yet. kCorrupt with what is wrong.
  static Result<std::unique_ptr<Sequencer>> open(const Parts& parts);
  // Signs from here on.
  Status start();
  // Signs what is there and ends the thread. Call when nothing is appended any more.
  ~Sequencer();

  // The latest one; it may not cover the events of the last half second.
  SignedCheckpoint latest() const;
  // One that covers everything appended before the call. The log's error when it can't be made.
  Result<SignedCheckpoint> sign_now();
  // Under a checkpoint made for it. kValidation when there is no such event or checkpoint.
  Result<InclusionProof> prove_inclusion(CryptoContext& crypto, std::uint64_t index);
  Result<ConsistencyProof> prove_consistency(CryptoContext& crypto, std::uint64_t old_size);
  // Removes the segments before the one that begins with this event, once the key has signed that they went; their
  // hashes stay. kValidation unless a segment begins there and the events before it are under a checkpoint.
  Status remove_before(std::uint64_t event);
  const LogFolder& folder() const { return log_.folder(); }
  // The keys of the log, the oldest first.
  std::vector<std::string> verifiers() const;
  // The key has changed in the store: the next turn signs with the new one.
  void key_has_changed() { key_changed_.store(true, std::memory_order_relaxed); }

 private:
  explicit Sequencer(const Parts& parts)
      : log_(parts.log), store_(parts.store), keyrings_(parts.keyrings), tiles_(parts.log.folder().path) {}
  Status load_keys(ReadTransaction& view);
  Status change_key();
  Status write_keys();
  Status check_history(const std::optional<Checkpoint>& known);
  Result<Checkpoint> read_checkpoint();
  Status resume();
  void loop();
  void turn();
  Status sequence();
  Status read_lines(const Log::Extent& extent);
  Status publish();
  void remember_newest();

  Log& log_;
  Store& store_;
  Keyrings& keyrings_;
  std::atomic<bool> key_changed_{false};

  mutable std::mutex mutex_;  // guards all below
  std::unique_ptr<CryptoContext> crypto_;
  std::vector<AuditKey> keys_;
  std::optional<NoteSigner> signer_;
  TileWriter tiles_;
  std::uint64_t segment_ = 0;   // that is being read: the index of its first line
  std::uint64_t position_ = 0;  // in it
  bool crossed_ = false;        // a segment has ended since the last checkpoint
  std::optional<Checkpoint> to_match_;
  SignedCheckpoint latest_;
  std::optional<Error> failed_;  // what the last turn met, so that it is said once

  Checkpoint remembered_;
  std::chrono::steady_clock::time_point next_remember_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace kagimori::audit
