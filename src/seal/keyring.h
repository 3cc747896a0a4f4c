#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "model/key.h"
#include "store/store.h"

namespace kagimori {

// What wrapped material is bound to: the AAD of its AES-256-GCM (docs/formats/keyring.md). Unwrapping with any other
// binding fails with kCorrupt.
struct MaterialBinding {
  std::string_view account;
  std::string_view region;
  std::string_view object_id;  // or the access key id
  std::uint32_t version = 0;
  KeyAlgorithm algorithm = KeyAlgorithm::kAes;
};

struct KeyringOptions {
  std::int64_t epoch_max_age_seconds = 86'400;
  std::uint64_t epoch_max_uses = std::uint64_t{1} << 31;
};

// The keyrings of all accounts: epochs that wrap material and authenticate records. An epoch's key is 256 random bits,
// wrapped by the root key (table kEpochs); a wrapping key and a record key are derived from it (SP 800-108).
// Epochs are loaded on first use and kept in secret memory. Any thread; each caller brings its own CryptoContext.
class Keyrings {
 public:
  virtual ~Keyrings() = default;

  virtual const std::string& store_id() const = 0;

  // Adds to the batch what makes the first epoch of a new account; it is usable at once in memory.
  virtual Status create_account(CryptoContext& crypto, std::string_view account, Batch& batch) = 0;

  virtual Result<WrappedMaterial> wrap(CryptoContext& crypto, const MaterialBinding& binding, ByteView material) = 0;
  virtual Result<SecretBytes> unwrap(CryptoContext& crypto, const MaterialBinding& binding,
                                     const WrappedMaterial& wrapped) = 0;

  // The stored value of a record: format, account, epoch, content and a MAC over table, primary key, revision and all
  // of it (docs/formats/record.md).
  virtual Result<Bytes> seal_record(CryptoContext& crypto, std::string_view account, Table table, ByteView key,
                                    std::uint64_t revision, ByteView content) = 0;
  // The content, once the MAC has been checked; kCorrupt names table and primary key. The view is into record.value.
  virtual Result<ByteView> open_record(CryptoContext& crypto, std::string_view account, Table table,
                                       const StoredRecord& record) = 0;

  // Makes a new epoch for every account whose current one is too old or used too often. Called by the sweeper.
  virtual Status start_due_epochs(CryptoContext& crypto) = 0;
  // One bounded step of the job that re-wraps what lies under old epochs and deletes epochs that are empty. The job's
  // place is stored, so that it goes on after a crash. True while there is more to do.
  virtual Result<bool> rewrap_step(CryptoContext& crypto, std::size_t max_records) = 0;
};

}  // namespace kagimori
