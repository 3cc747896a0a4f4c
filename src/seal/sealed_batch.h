#pragma once

#include <string_view>

#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

// Builds one atomic change out of unsealed records: seals each one, expects the revision that was read, and gives all
// of them the revision after the one that the store was read at, which no record has had before. One thread.
class SealedBatch {
 public:
  // `store_revision` is that of the ReadTransaction which everything the change rests on was read in.
  SealedBatch(Keyrings& keyrings, CryptoContext& crypto, std::uint64_t store_revision)
      : keyrings_(keyrings), crypto_(crypto), new_revision_(store_revision + 1) {}

  std::uint64_t new_revision() const { return new_revision_; }

  // A new or changed record of the account. `read_revision` is 0 when there must be none yet.
  Status put(std::string_view account, Table table, Bytes key, std::uint64_t read_revision, ByteView content);
  // `read_revision` is not 0.
  void remove(Table table, Bytes key, std::uint64_t read_revision);
  // The change rests on this record, but leaves it as it is. `read_revision` is 0 when it must stay absent.
  void expect(Table table, Bytes key, std::uint64_t read_revision);

  // For events, scrubbing and whatever else a batch carries.
  Batch& batch() { return batch_; }
  Batch take() && { return std::move(batch_); }

 private:
  Keyrings& keyrings_;
  CryptoContext& crypto_;
  const std::uint64_t new_revision_;
  Batch batch_;
};

}  // namespace kagimori
