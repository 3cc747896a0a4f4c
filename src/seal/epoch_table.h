#pragma once

#include "seal/epoch.h"
#include "seal/root_keys.h"
#include "store/store.h"

namespace kagimori {

// An epoch's record together with what holds it: the generation of the root key that wraps and seals it.
struct StoredEpoch {
  EpochRecord record;
  const RootKeys* root = nullptr;
  std::uint64_t revision = 0;  // 0: not in the store yet
};

// Reads and writes records of table kEpochs. Stateless; any thread.
class EpochTable {
 public:
  // `roots` must outlive this and all that it returns.
  explicit EpochTable(const RootGenerations& roots) : roots_(roots) {}

  const RootGenerations& roots() const { return roots_; }
  // kCorrupt or kNewerSchema, naming table and primary key.
  Result<StoredEpoch> open(CryptoContext& crypto, const StoredRecord& record) const;
  // Nothing when there is no such record.
  Result<std::optional<StoredEpoch>> get(CryptoContext& crypto, ReadTransaction& view, const EpochName& name) const;
  // The record as it shall be from now on, under the same generation as before. Expects the revision that was read.
  void put(CryptoContext& crypto, Batch& batch, const EpochName& name, const StoredEpoch& epoch,
           std::uint64_t new_revision) const;
  void remove(Batch& batch, const EpochName& name, const StoredEpoch& epoch, std::uint64_t new_revision) const;

 private:
  const RootGenerations& roots_;
};

}  // namespace kagimori
