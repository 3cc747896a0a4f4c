#include "audit/log_key.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "model/ids.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/material_binding.h"
#include "seal/record_error.h"
#include "seal/sealed_batch.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kMaxKeys = 100'000;
constexpr std::size_t kOriginBytes = 4;
constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kKeyChange = "/key-change\n";

struct LoadedKey {
  AuditKey key;
  std::uint64_t revision = 0;
};

// Of every log that the store ever had.
Result<std::vector<LoadedKey>> all_keys(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& view) {
  TRY_ASSIGN(const auto records, view.scan(Table::kAuditKeys, {}, {}, kMaxKeys));
  std::vector<LoadedKey> keys;
  for (const StoredRecord& record : records) {
    TRY_ASSIGN(const ByteView content, keyrings.open_record(crypto, kSystemAccount, Table::kAuditKeys, record));
    Result<AuditKey> key = decode<AuditKey>(content);
    if (!key) return fail(in_record(Table::kAuditKeys, record.key, key.error()));
    keys.push_back({*std::move(key), record.revision});
  }
  return keys;
}

Result<AuditKey> make_key(CryptoContext& crypto, Keyrings& keyrings, std::uint32_t number, std::string origin,
                          Timestamp now) {
  TRY_ASSIGN(const PrivateKey key, PrivateKey::generate(crypto, KeyPairSpec::kEd25519));
  TRY_ASSIGN(const NoteVerifier verifier, NoteVerifier::of(crypto, origin, key));
  AuditKey record{number, std::move(origin), verifier.line(), {}, now, {}};
  TRY_ASSIGN(const SecretBytes parameters, key.parameters());
  TRY_ASSIGN(record.secret, keyrings.wrap(crypto, material_binding(record), parameters.expose()));
  return record;
}

LogKeyChange change(AuditKey fresh, LoadedKey old) {
  old.key.secret = {};
  return {std::move(fresh), std::move(old.key), old.revision};
}

}  // namespace

Result<std::vector<AuditKey>> read_log_keys(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& view) {
  TRY_ASSIGN(const std::vector<LoadedKey> all, all_keys(crypto, keyrings, view));
  std::vector<AuditKey> keys;
  for (const LoadedKey& loaded : all) {
    if (loaded.key.origin == all.back().key.origin) keys.push_back(loaded.key);
  }
  return keys;
}

Result<NoteSigner> open_log_key(CryptoContext& crypto, Keyrings& keyrings, const AuditKey& key) {
  TRY_ASSIGN(const SecretBytes parameters, keyrings.unwrap(crypto, material_binding(key), key.secret));
  TRY_ASSIGN(PrivateKey private_key, PrivateKey::from_parameters(crypto, KeyPairSpec::kEd25519, parameters.expose()));
  return NoteSigner::create(crypto, key.origin, std::move(private_key));
}

Result<std::vector<NoteVerifier>> log_verifiers(CryptoContext& crypto, const std::vector<AuditKey>& keys) {
  std::vector<NoteVerifier> verifiers;
  for (const AuditKey& key : keys) {
    TRY_ASSIGN(NoteVerifier verifier, NoteVerifier::parse(crypto, key.verifier));
    verifiers.push_back(std::move(verifier));
  }
  return verifiers;
}

Result<LogKeyChange> begin_log(CryptoContext& crypto, RandomSource& random, Keyrings& keyrings, ReadTransaction& view,
                               Timestamp now) {
  TRY_ASSIGN(std::vector<LoadedKey> all, all_keys(crypto, keyrings, view));
  Bytes unique(kOriginBytes);
  random.fill_public(unique);
  const std::uint32_t number = all.empty() ? 1 : all.back().key.number + 1;
  TRY_ASSIGN(AuditKey made, make_key(crypto, keyrings, number,
                                     fmt::format("kagimori/{}/{}", keyrings.store_id(), hex_encode(unique)), now));
  if (all.empty()) return LogKeyChange{std::move(made), std::nullopt, 0};
  return change(std::move(made), std::move(all.back()));
}

Result<LogKeyChange> rotate_log_key(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& view, Timestamp now) {
  TRY_ASSIGN(std::vector<LoadedKey> all, all_keys(crypto, keyrings, view));
  if (all.empty()) return fail(ErrorCode::kNotFound, "The store has no audit log yet.");
  LoadedKey& old = all.back();
  TRY_ASSIGN(AuditKey made, make_key(crypto, keyrings, old.key.number + 1, old.key.origin, now));
  TRY_ASSIGN(const NoteSigner signer, open_log_key(crypto, keyrings, old.key));
  TRY_ASSIGN(made.introduction,
             signer.sign(crypto, fmt::format("{}{}{}\n{}\n", old.key.origin, kKeyChange, made.number, made.verifier)));
  return change(std::move(made), std::move(old));
}

Result<KeyChange> parse_key_change(std::string_view text) {
  const std::size_t end_of_origin = text.find(kKeyChange);
  const std::size_t end_of_number =
      end_of_origin == std::string_view::npos ? end_of_origin : text.find('\n', end_of_origin + kKeyChange.size());
  if (end_of_number == std::string_view::npos || !text.ends_with('\n')) {
    return fail(ErrorCode::kValidation, "This is no change of an audit log's key.");
  }
  const std::string_view verifier = text.substr(end_of_number + 1, text.size() - end_of_number - 2);
  return KeyChange{std::string(text.substr(0, end_of_origin)), std::string(verifier)};
}

Bytes known_checkpoint_key() { return to_bytes(as_bytes("audit_checkpoint")); }

Result<std::optional<Checkpoint>> read_known_checkpoint(CryptoContext& crypto, Keyrings& keyrings,
                                                        ReadTransaction& view) {
  TRY_ASSIGN(const auto record, view.get(Table::kJobs, known_checkpoint_key()));
  if (!record) return std::nullopt;
  TRY_ASSIGN(const ByteView content, keyrings.open_record(crypto, kSystemAccount, Table::kJobs, *record));
  ByteReader in(content);
  TRY_ASSIGN(const std::uint8_t format, in.u8());
  if (format != kFormat) return fail(newer_record(Table::kJobs, record->key));
  TRY_ASSIGN(const std::string text, in.sized_text());
  TRY(in.expect_end());
  return parse_checkpoint(text);
}

Status save_known_checkpoint(CryptoContext& crypto, Keyrings& keyrings, Store& store, const Checkpoint& checkpoint) {
  const Bytes key = known_checkpoint_key();
  TRY_ASSIGN(const auto view, store.read());
  TRY_ASSIGN(const auto record, view->get(Table::kJobs, key));
  SealedBatch batch(keyrings, crypto, view->store_revision());
  TRY(batch.put(kSystemAccount, Table::kJobs, key, record ? record->revision : 0,
                ByteWriter().u8(kFormat).sized(checkpoint_text(checkpoint)).bytes()));
  TRY(store.commit_and_wait(std::move(batch).take()));
  return {};
}

}  // namespace kagimori::audit
