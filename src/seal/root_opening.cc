#include "seal/root_opening.h"

#include <fmt/format.h>

#include <algorithm>

#include "seal/record_error.h"

namespace kagimori {
namespace {

// The root keys of one generation, from the first of its envelopes that opens.
Result<RootKeys> open_generation(CryptoContext& crypto, Envelope& envelope, std::string_view store_id,
                                 const std::vector<StoredEnvelope>& stored, std::uint32_t generation) {
  Error why{ErrorCode::kCorrupt,
            fmt::format("The store has no envelope of generation {} of its root key: records are missing. Restore it "
                        "from a backup.",
                        generation)};
  for (const StoredEnvelope& candidate : stored) {
    if (candidate.envelope.root_generation != generation) continue;
    if (candidate.envelope.type != envelope.type()) {
      if (why.code == ErrorCode::kCorrupt) {
        why = {ErrorCode::kWrongRootKey, "The store's root key is held by another kind of envelope. Use that one."};
      }
      continue;
    }
    const Result<SecretBytes> root = envelope.unwrap(crypto, store_id, candidate.envelope);
    if (root) return RootKeys::derive(crypto, store_id, generation, *root);
    why = root.error();
  }
  return fail(std::move(why));
}

Status check_records(CryptoContext& crypto, const OpenedRoot& root) {
  const StoreMeta& meta = root.meta.meta;
  const RootKeys* const current = root.generations.find(meta.root_generation);
  if (!constant_time_equal(current->check_value(crypto), meta.root_check)) {
    return fail(corrupt_record(Table::kMeta, root.meta.record.key, "the root key does not give its check value."));
  }
  TRY(current->open_record(crypto, Table::kMeta, root.meta.record));
  for (const StoredEnvelope& stored : root.envelopes) {
    if (stored.record.key != envelope_key(stored.envelope.id)) {
      return fail(corrupt_record(Table::kEnvelopes, stored.record.key, "it names another id."));
    }
    TRY(root.generations.open_record(crypto, Table::kEnvelopes, stored.record));
  }
  return {};
}

}  // namespace

Result<OpenedRoot> open_root_keys(CryptoContext& crypto, Store& store, Envelope& envelope) {
  TRY_ASSIGN(const auto view, store.read());
  TRY_ASSIGN(StoredMeta meta, read_stored_meta(*view));
  TRY_ASSIGN(std::vector<StoredEnvelope> envelopes, read_envelopes(*view));
  const StoreMeta& said = meta.meta;
  TRY_ASSIGN(RootKeys current, open_generation(crypto, envelope, said.store_id, envelopes, said.root_generation));
  RootGenerations generations(std::move(current));
  if (said.next_generation != 0) {
    TRY_ASSIGN(RootKeys next, open_generation(crypto, envelope, said.store_id, envelopes, said.next_generation));
    generations.add(std::move(next));
  }
  OpenedRoot root{std::move(meta), std::move(envelopes), std::move(generations)};
  TRY(check_records(crypto, root));
  return root;
}

}  // namespace kagimori
