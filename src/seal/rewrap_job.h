#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "seal/epochs.h"
#include "seal/keyring.h"
#include "seal/sealed_batch.h"

namespace kagimori {

// Moves everything to the current epochs and deletes the old ones. A pass walks over all records in bounded steps, each
// one atomic batch together with the pass's place (table kJobs, docs/formats/keyring.md). An epoch is deleted by a pass
// that began an hour or more after the epoch was superseded or last found in use, and that found nothing under it: by
// then no batch that was sealed under it can still be on its way.
// One thread at a time.
class RewrapJob {
 public:
  RewrapJob(Keyrings& keyrings, Epochs& epochs, Store& store, const Clock& clock)
      : keyrings_(keyrings), epochs_(epochs), store_(store), clock_(clock) {}

  Result<bool> step(CryptoContext& crypto, std::size_t max_records);

 private:
  struct Place {
    bool running = false;
    Timestamp pass_started;
    std::size_t table = 0;  // index into the tables of a pass
    Bytes last_key;
    std::uint64_t revision = 0;  // of the job's record; 0: there is none yet
  };
  struct Step;

  Result<Place> read_place(CryptoContext& crypto, ReadTransaction& view);
  Result<bool> pass_is_due(CryptoContext& crypto, ReadTransaction& view);
  Status visit_record(Step& step, const StoredRecord& record);
  Status visit_epoch(Step& step, const StoredRecord& record);
  Result<std::uint32_t> current_of(Step& step, std::uint64_t account);
  Result<std::optional<Bytes>> rewrapped_content(Step& step, Table table, const std::string& account, ByteView content);
  Result<bool> rewrap_material(Step& step, const MaterialBinding& binding, WrappedMaterial& material);
  Result<Key> key_of(Step& step, const KeyObject& object);
  Status note_use(Step& step, const EpochName& name);
  Result<bool> finish(Step& step, Place next);

  Keyrings& keyrings_;
  Epochs& epochs_;
  Store& store_;
  const Clock& clock_;
  std::int64_t idle_until_ = 0;  // microseconds: no pass is due before, unless an epoch is superseded
  std::uint64_t seen_supersessions_ = 0;
};

}  // namespace kagimori
