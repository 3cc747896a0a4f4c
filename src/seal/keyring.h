#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "model/key.h"
#include "seal/material_binding.h"
#include "store/store.h"

namespace kagimori {

struct KeyringOptions {
  std::int64_t epoch_max_age_seconds = 86'400;
  std::uint64_t epoch_max_uses = std::uint64_t{1} << 31;  // wraps
};

// The keyrings of all accounts: epochs that wrap material and authenticate records. An epoch's key is 256 random bits,
// wrapped by the root key (table kEpochs); a wrapping key and a record key are derived from it (SP 800-108).
// Epochs are loaded on first use (one blocking read) and kept in secret memory, at most 4,096 of them.
// Any thread; each caller brings its own CryptoContext.
//
// An old epoch is deleted once nothing is under it, an hour after it was superseded or last found in use at the
// earliest. So whoever seals or wraps commits the batch within the hour, and whoever keeps a WrappedMaterial for long
// reads it again when unwrap says kStale.
class Keyrings {
 public:
  virtual ~Keyrings() = default;

  virtual const std::string& store_id() const = 0;

  // Adds to the batch what makes the first epoch of a new account; it is usable at once in memory. kAlreadyExists.
  // When the batch fails, calling again (with a new batch) gives the same epoch.
  virtual Status create_account(CryptoContext& crypto, std::string_view account, Batch& batch) = 0;

  // kNotFound when the account has no keyring. Waits for a commit once in 65,536 wraps of an epoch: the number of uses
  // is reserved on disk.
  virtual Result<WrappedMaterial> wrap(CryptoContext& crypto, const MaterialBinding& binding, ByteView material) = 0;
  // kCorrupt when the material is damaged, forged or bound elsewhere; kStale when its epoch has been deleted since: the
  // record that held it has been re-wrapped, read it again.
  virtual Result<SecretBytes> unwrap(CryptoContext& crypto, const MaterialBinding& binding,
                                     const WrappedMaterial& wrapped) = 0;

  // The stored value of a record: format, account, epoch, content and a MAC over table, primary key, revision and all
  // of it (docs/formats/record.md).
  virtual Result<Bytes> seal_record(CryptoContext& crypto, std::string_view account, Table table, ByteView key,
                                    std::uint64_t revision, ByteView content) = 0;
  // The content, once the MAC has been checked; kCorrupt (also: of another account) and kNewerSchema name table and
  // primary key. The view is into record.value.
  virtual Result<ByteView> open_record(CryptoContext& crypto, std::string_view account, Table table,
                                       const StoredRecord& record) = 0;

  // Makes a new epoch for every account whose current one is too old or used too often. Called by the sweeper; cheap
  // when nothing is due. Waits for commits.
  virtual Status start_due_epochs(CryptoContext& crypto) = 0;
  // One bounded step of the job that re-wraps what lies under old epochs and deletes epochs that are empty. The job's
  // place is stored, so that it goes on after a crash. True while there is more to do now; false when the next step
  // is worth a try in a minute. A damaged record is logged and left as it is, and so is its epoch. One caller at a
  // time.
  virtual Result<bool> rewrap_step(CryptoContext& crypto, std::size_t max_records) = 0;
};

// The account that a stored value names, before its MAC has been checked: for records whose primary key does not tell.
// kCorrupt when the value is cut off. What it says counts only once open_record has confirmed it.
Result<std::string> account_of_record(Table table, const StoredRecord& record);

}  // namespace kagimori
