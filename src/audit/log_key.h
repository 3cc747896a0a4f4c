#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/signed_note.h"
#include "base/clock.h"
#include "base/random.h"
#include "model/audit_key.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori::audit {

// The keys of the audit log as the store holds them: Ed25519, wrapped by the system's keyring, each made for one log.
// A log is named by its origin, which no other log has.

// The keys of the present log, the oldest first; only the last one has its secret still. Empty in a store that has none
// yet.
Result<std::vector<AuditKey>> read_log_keys(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& view);
// The key that signs.
Result<NoteSigner> open_log_key(CryptoContext& crypto, Keyrings& keyrings, const AuditKey& key);
Result<std::vector<NoteVerifier>> log_verifiers(CryptoContext& crypto, const std::vector<AuditKey>& keys);

// What a change of keys writes: the new one, and the one that signed until now, without its secret.
struct LogKeyChange {
  AuditKey fresh;
  std::optional<AuditKey> retired;
  std::uint64_t retired_revision = 0;  // of the record that was read
};
// The first key of a new log; an earlier log ends here.
Result<LogKeyChange> begin_log(CryptoContext& crypto, RandomSource& random, Keyrings& keyrings, ReadTransaction& view,
                               Timestamp now);
// A new key for the present log, which the old one introduces. kNotFound when there is no log.
Result<LogKeyChange> rotate_log_key(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& view, Timestamp now);

// "ORIGIN/key-change\nNUMBER\nVERIFIER\n", signed by the key before.
struct KeyChange {
  std::string origin;
  std::string verifier;
};
Result<KeyChange> parse_key_change(std::string_view text);

// The latest checkpoint that the store knows of: a log that lacks it was cut short or exchanged. Table kJobs.
Bytes known_checkpoint_key();
Result<std::optional<Checkpoint>> read_known_checkpoint(CryptoContext& crypto, Keyrings& keyrings,
                                                        ReadTransaction& view);
Status save_known_checkpoint(CryptoContext& crypto, Keyrings& keyrings, Store& store, const Checkpoint& checkpoint);

}  // namespace kagimori::audit
