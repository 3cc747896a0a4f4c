#include "seal/epoch_table.h"

#include "seal/record_error.h"

namespace kagimori {

Result<StoredEpoch> EpochTable::open(CryptoContext& crypto, const StoredRecord& record) const {
  TRY_ASSIGN(const RootRecordView view, parse_root_record(Table::kEpochs, record));
  TRY_ASSIGN(const ByteView content, roots_.open_record(crypto, Table::kEpochs, record));
  Result<EpochRecord> epoch = decode_epoch(content);
  if (!epoch) return fail(in_record(Table::kEpochs, record.key, epoch.error()));
  return StoredEpoch{*std::move(epoch), roots_.find(view.generation), record.revision};
}

Result<std::optional<StoredEpoch>> EpochTable::get(CryptoContext& crypto, ReadTransaction& view,
                                                   const EpochName& name) const {
  TRY_ASSIGN(const std::optional<StoredRecord> record, view.get(Table::kEpochs, epoch_key(name)));
  if (!record) return std::nullopt;
  TRY_ASSIGN(StoredEpoch epoch, open(crypto, *record));
  return epoch;
}

void EpochTable::put(CryptoContext& crypto, Batch& batch, const EpochName& name, const StoredEpoch& epoch,
                     std::uint64_t new_revision) const {
  const Bytes key = epoch_key(name);
  batch.expectations.push_back({Table::kEpochs, key, epoch.revision});
  batch.writes.push_back(
      {Table::kEpochs, key, new_revision,
       epoch.root->seal_record(crypto, Table::kEpochs, key, new_revision, encode_epoch(epoch.record))});
}

void EpochTable::remove(Batch& batch, const EpochName& name, const StoredEpoch& epoch,
                        std::uint64_t new_revision) const {
  const Bytes key = epoch_key(name);
  batch.expectations.push_back({Table::kEpochs, key, epoch.revision});
  batch.writes.push_back({Table::kEpochs, key, new_revision, std::nullopt});
}

}  // namespace kagimori
