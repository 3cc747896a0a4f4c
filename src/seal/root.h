#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

// How the root key is wrapped, as it lies in table kEnvelopes. Several envelopes may open the same root key.
enum class EnvelopeType : std::uint8_t { kKeyFile = 1, kShamir = 2, kPkcs11 = 3, kTpm2 = 4, kExternalKms = 5 };
struct EnvelopeRecord {
  std::uint32_t id = 0;
  EnvelopeType type = EnvelopeType::kKeyFile;
  std::uint32_t root_generation = 1;
  std::string label;   // for people, e.g. the path of the key file at the time
  Bytes parameters;    // the type's own
  Bytes wrapped_root;  // the type's own
  Timestamp created;
};

// One way to open the root key. A key file today; Shamir shares, an HSM, a TPM or another KMS fit the same interface.
class Envelope {
 public:
  virtual ~Envelope() = default;
  virtual EnvelopeType type() const = 0;
  // Wraps the root key of a store for a record whose id and root_generation are set. Fills type, parameters,
  // wrapped_root and label.
  virtual Status wrap(CryptoContext& crypto, RandomSource& random, std::string_view store_id, const SecretBytes& root,
                      EnvelopeRecord& record) = 0;
  // kWrongRootKey, with what to do, when this envelope does not open that record; kCorrupt when it should, but the
  // record is damaged; kNewerSchema.
  virtual Result<SecretBytes> unwrap(CryptoContext& crypto, std::string_view store_id,
                                     const EnvelopeRecord& record) = 0;
};

// The key file: 0600, outside the data folder, docs/formats/key-file.md. Holds one key-encryption key, or two while a
// rotation is under way.
class KeyFileEnvelope final : public Envelope {
 public:
  // Makes a new file for the store; kAlreadyExists rather than overwriting one.
  static Result<std::unique_ptr<KeyFileEnvelope>> create(CryptoContext& crypto, RandomSource& random,
                                                         const std::filesystem::path& file, std::string_view store_id);
  // kWrongRootKey with a clear sentence when the file is missing, readable by others, owned by somebody else, a
  // symbolic link, damaged or of another store; kNewerSchema when a later release wrote it.
  static Result<std::unique_ptr<KeyFileEnvelope>> load(CryptoContext& crypto, const std::filesystem::path& file,
                                                       std::string_view store_id);
  ~KeyFileEnvelope() override;
  EnvelopeType type() const override { return EnvelopeType::kKeyFile; }
  Status wrap(CryptoContext& crypto, RandomSource& random, std::string_view store_id, const SecretBytes& root,
              EnvelopeRecord& record) override;
  Result<SecretBytes> unwrap(CryptoContext& crypto, std::string_view store_id, const EnvelopeRecord& record) override;

  // Rotation: adds a fresh key-encryption key beside the old one (durably; does nothing when it is there), which wraps
  // from then on. Later drops the old one (durably, the old bytes overwritten; does nothing when it is gone). Both may
  // be repeated after a crash.
  Status begin_rotation(CryptoContext& crypto, RandomSource& random);
  Status finish_rotation(CryptoContext& crypto);
  // Whether the file holds two keys, and whether the newest one is the one that opens this record.
  bool rotation_begun() const;
  bool wraps_with_newest(const EnvelopeRecord& record) const;

 private:
  struct State;
  explicit KeyFileEnvelope(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What a store says of itself, readable without the root key. Table kMeta.
struct StoreMeta {
  std::string store_id;  // UUID
  std::uint32_t schema = 1;
  std::uint32_t root_generation = 1;
  Bytes root_check;                   // HMAC under the root key, proves that the right one was opened
  std::uint32_t next_generation = 0;  // not 0 while a root rotation is under way
  Timestamp created;
  bool test_store = false;  // lifecycle time may jump: only in stores made for tests
};
Result<StoreMeta> read_store_meta(Store& store);

struct RootOptions {
  Store& store;
  const Clock& clock;    // real time
  RandomSource& random;  // for key material; guarded inside, may be shared
  KeyringOptions keyring;
};

// Makes the root key and the first records of an empty store (meta, envelope, system keyring).
Result<std::unique_ptr<Keyrings>> create_root(CryptoContext& crypto, const RootOptions& options, std::string store_id,
                                              bool test_store, Envelope& envelope);
// Opens the root with whichever envelope fits. Says exactly what is wrong: kWrongRootKey (wrong key file, key file of
// another store), kCorrupt (damaged or swapped database), kNewerSchema. Changes nothing. A root rotation that was
// interrupted is no obstacle: both generations open.
Result<std::unique_ptr<Keyrings>> open_root(CryptoContext& crypto, const RootOptions& options, Envelope& envelope);

// A new root key: re-wraps every epoch, then the old root key and the old envelope are void. Resumable at every step:
// run it again after a crash. The store must not be open by a server. `event` makes the audit event that commits with
// the change, from the number of the new generation; empty: none.
using RotationEvent = std::function<Bytes(std::uint32_t root_generation)>;
Status rotate_root(CryptoContext& crypto, const RootOptions& options, KeyFileEnvelope& envelope,
                   const RotationEvent& event = {});

}  // namespace kagimori
