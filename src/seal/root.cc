#include "seal/root.h"

#include "model/ids.h"
#include "seal/account_number.h"
#include "seal/epoch_table.h"
#include "seal/root_opening.h"
#include "seal/stored_keyrings.h"

namespace kagimori {
namespace {

constexpr std::uint32_t kFirstGeneration = 1;
constexpr std::uint32_t kFirstEnvelope = 1;

Write root_write(CryptoContext& crypto, const RootKeys& root, Table table, Bytes key, std::uint64_t revision,
                 ByteView content) {
  Bytes value = root.seal_record(crypto, table, key, revision, content);
  return {table, std::move(key), revision, std::move(value)};
}

// The system keyring is there from the first moment on; an opened store without it is not whole.
Status check_system_keyring(CryptoContext& crypto, Keyrings& keyrings) {
  const Result<Bytes> sealed = keyrings.seal_record(crypto, kSystemAccount, Table::kJobs, {}, 0, {});
  if (sealed) return {};
  if (sealed.error().code != ErrorCode::kNotFound) return fail(sealed.error());
  return fail(ErrorCode::kCorrupt, "The store's own keyring is missing. Restore the store from a backup.");
}

}  // namespace

Result<std::unique_ptr<Keyrings>> create_root(CryptoContext& crypto, const RootOptions& options, std::string store_id,
                                              bool test_store, Envelope& envelope) {
  Store& store = options.store;
  TRY_ASSIGN(auto view, store.read());
  TRY_ASSIGN(const std::optional<StoredRecord> existing, view->get(Table::kMeta, meta_key()));
  if (existing) {
    return fail(ErrorCode::kAlreadyExists, "The store has a root key already; it is left alone.");
  }
  const std::uint64_t revision = view->store_revision() + 1;
  view.reset();

  SecretBytes root(kRootKeySize);
  options.random.fill_private(root.expose_mutable());
  TRY_ASSIGN(RootKeys keys, RootKeys::derive(crypto, store_id, kFirstGeneration, root));
  EnvelopeRecord record;
  record.id = kFirstEnvelope;
  record.root_generation = kFirstGeneration;
  record.created = options.clock.now();
  TRY(envelope.wrap(crypto, options.random, store_id, root, record));
  StoreMeta meta;
  meta.store_id = store_id;
  meta.root_generation = kFirstGeneration;
  meta.root_check = keys.check_value(crypto);
  meta.created = record.created;
  meta.test_store = test_store;

  Batch batch;
  batch.expectations.push_back({Table::kMeta, meta_key(), 0});
  batch.writes.push_back(root_write(crypto, keys, Table::kMeta, meta_key(), revision, encode_meta(meta)));
  batch.writes.push_back(
      root_write(crypto, keys, Table::kEnvelopes, envelope_key(kFirstEnvelope), revision, encode_envelope(record)));
  auto keyrings = std::make_unique<StoredKeyrings>(store, options.clock, options.random, std::move(store_id),
                                                   RootGenerations(std::move(keys)), options.keyring);
  TRY(keyrings->create_account(crypto, kSystemAccount, batch));
  TRY(store.commit_and_wait(std::move(batch)));
  return keyrings;
}

Result<std::unique_ptr<Keyrings>> open_root(CryptoContext& crypto, const RootOptions& options, Envelope& envelope) {
  TRY_ASSIGN(OpenedRoot root, open_root_keys(crypto, options.store, envelope));
  auto keyrings =
      std::make_unique<StoredKeyrings>(options.store, options.clock, options.random, root.meta.meta.store_id,
                                       std::move(root.generations), options.keyring);
  TRY(check_system_keyring(crypto, *keyrings));
  return keyrings;
}

}  // namespace kagimori
