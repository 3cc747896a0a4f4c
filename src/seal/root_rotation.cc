#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "seal/epoch_table.h"
#include "seal/record_error.h"
#include "seal/root_opening.h"

namespace kagimori {
namespace {

constexpr std::size_t kEpochsAtOnce = 256;

// Each method is one step of the rotation, one batch; what the store says tells which one is next.
class RootRotation {
 public:
  RootRotation(CryptoContext& crypto, const RootOptions& options, KeyFileEnvelope& envelope, const RotationEvent& event)
      : crypto_(crypto), options_(options), envelope_(envelope), event_(event) {}

  Status run() {
    TRY_ASSIGN(OpenedRoot root, open_root_keys(crypto_, options_.store, envelope_));
    TRY(check_envelopes(root));
    if (root.meta.meta.next_generation == 0) {
      // Both keys in the file, and the store needs the new one only: an earlier run got this far.
      if (envelope_.rotation_begun() && uses_newest(root)) return envelope_.finish_rotation(crypto_);
      TRY(envelope_.begin_rotation(crypto_, options_.random));
      TRY(begin(root));
      TRY_ASSIGN(root, open_root_keys(crypto_, options_.store, envelope_));
    }
    TRY(move_epochs(root));
    TRY(finish(root));
    return envelope_.finish_rotation(crypto_);
  }

 private:
  // Every other envelope would be void afterwards, and this one can't renew it.
  Status check_envelopes(const OpenedRoot& root) {
    for (const StoredEnvelope& stored : root.envelopes) {
      const Result<SecretBytes> opened = envelope_.unwrap(crypto_, root.meta.meta.store_id, stored.envelope);
      if (opened) continue;
      return fail(ErrorCode::kConflict,
                  fmt::format("The store has another envelope, {} ({}), which the rotation would make void. Remove it "
                              "first, and add it again afterwards.",
                              stored.envelope.id, stored.envelope.label));
    }
    return {};
  }

  bool uses_newest(const OpenedRoot& root) const {
    return std::ranges::all_of(
        root.envelopes, [&](const StoredEnvelope& stored) { return envelope_.wraps_with_newest(stored.envelope); });
  }

  // The next root key and its envelope come to be, beside the current ones.
  Status begin(const OpenedRoot& root) {
    StoreMeta meta = root.meta.meta;
    if (meta.root_generation == std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::kLimitExceeded, "The store has used up the generations of its root key.");
    }
    meta.next_generation = meta.root_generation + 1;
    SecretBytes next(kRootKeySize);
    options_.random.fill_private(next.expose_mutable());
    TRY_ASSIGN(const RootKeys keys, RootKeys::derive(crypto_, meta.store_id, meta.next_generation, next));
    EnvelopeRecord record;
    for (const StoredEnvelope& stored : root.envelopes) record.id = std::max(record.id, stored.envelope.id);
    ++record.id;
    record.root_generation = meta.next_generation;
    record.created = options_.clock.now();
    TRY(envelope_.wrap(crypto_, options_.random, meta.store_id, next, record));

    TRY_ASSIGN(const std::uint64_t revision, next_revision());
    Batch batch;
    put(batch, *root.generations.find(meta.root_generation), Table::kMeta, meta_key(), root.meta.record.revision,
        revision, encode_meta(meta));
    put(batch, keys, Table::kEnvelopes, envelope_key(record.id), 0, revision, encode_envelope(record));
    return commit(std::move(batch));
  }

  // Wraps every epoch that is still under the current root key with the next one.
  Status move_epochs(const OpenedRoot& root) {
    const EpochTable table(root.generations);
    const RootKeys& next = root.generations.newest();
    Bytes last;
    for (bool more = true; more;) {
      TRY_ASSIGN(auto view, options_.store.read());
      TRY_ASSIGN(const auto records, view->scan(Table::kEpochs, {}, last, kEpochsAtOnce));
      const std::uint64_t revision = view->store_revision() + 1;
      view.reset();
      more = records.size() == kEpochsAtOnce;
      if (!records.empty()) last = records.back().key;
      Batch batch;
      for (const StoredRecord& record : records) {
        TRY_ASSIGN(StoredEpoch epoch, table.open(crypto_, record));
        if (epoch.root != &next) TRY(move_epoch(table, next, record, std::move(epoch), revision, batch));
      }
      if (!batch.writes.empty()) TRY(commit(std::move(batch)));
    }
    return {};
  }

  Status move_epoch(const EpochTable& table, const RootKeys& next, const StoredRecord& record, StoredEpoch epoch,
                    std::uint64_t revision, Batch& batch) {
    TRY_ASSIGN(const EpochName name, parse_epoch_key(record.key));
    const Result<SecretBytes> key =
        epoch.root->unwrap_epoch(crypto_, name.account, name.number, epoch.record.wrapped_key);
    if (!key) return fail(in_record(Table::kEpochs, record.key, key.error()));
    TRY_ASSIGN(epoch.record.wrapped_key, next.wrap_epoch(crypto_, options_.random, name.account, name.number, *key));
    epoch.root = &next;
    table.put(crypto_, batch, name, epoch, revision);
    return {};
  }

  // The next root key becomes the current one; nothing of the old one stays in the store.
  Status finish(const OpenedRoot& root) {
    StoreMeta meta = root.meta.meta;
    const RootKeys& next = root.generations.newest();
    const std::uint32_t old_generation = meta.root_generation;
    meta.root_generation = meta.next_generation;
    meta.next_generation = 0;
    meta.root_check = next.check_value(crypto_);
    TRY_ASSIGN(const std::uint64_t revision, next_revision());
    Batch batch;
    put(batch, next, Table::kMeta, meta_key(), root.meta.record.revision, revision, encode_meta(meta));
    for (const StoredEnvelope& stored : root.envelopes) {
      if (stored.envelope.root_generation != old_generation) continue;
      batch.expectations.push_back({Table::kEnvelopes, stored.record.key, stored.record.revision});
      batch.writes.push_back({Table::kEnvelopes, stored.record.key, revision, std::nullopt});
    }
    if (event_) batch.events.push_back(event_(meta.root_generation));
    batch.scrub = true;
    return commit(std::move(batch));
  }

  void put(Batch& batch, const RootKeys& root, Table table, const Bytes& key, std::uint64_t read_revision,
           std::uint64_t revision, ByteView content) {
    batch.expectations.push_back({table, key, read_revision});
    batch.writes.push_back({table, key, revision, root.seal_record(crypto_, table, key, revision, content)});
  }

  Result<std::uint64_t> next_revision() {
    TRY_ASSIGN(const auto view, options_.store.read());
    return view->store_revision() + 1;
  }

  Status commit(Batch batch) {
    const Result<std::uint64_t> committed = options_.store.commit_and_wait(std::move(batch));
    if (committed) return {};
    if (committed.error().code != ErrorCode::kStale) return fail(committed.error());
    return fail(ErrorCode::kConflict, "The store was changed during the rotation. Stop the server and run it again.");
  }

  CryptoContext& crypto_;
  const RootOptions& options_;
  KeyFileEnvelope& envelope_;
  const RotationEvent& event_;
};

}  // namespace

Status rotate_root(CryptoContext& crypto, const RootOptions& options, KeyFileEnvelope& envelope,
                   const RotationEvent& event) {
  return RootRotation(crypto, options, envelope, event).run();
}

}  // namespace kagimori
