#pragma once

#include "base/bytes.h"
#include "crypto/context.h"
#include "seal/epoch.h"
#include "store/store.h"

namespace kagimori {

// The stored value of an account's record (docs/formats/record.md):
//   u8 format (1) | u64 account | u32 epoch | content | 32 MAC
inline constexpr std::size_t kRecordOverhead = 1 + 8 + 4 + 32;

struct RecordView {
  EpochName epoch;
  ByteView content;
};
// Before the MAC has been checked. kCorrupt or kNewerSchema, naming table and primary key.
Result<RecordView> parse_record_value(Table table, const StoredRecord& record);

Bytes seal_record_value(CryptoContext& crypto, const Epoch& epoch, Table table, ByteView key, std::uint64_t revision,
                        ByteView content);
// Whether the epoch, which must be the one that the value names, has sealed it in this place.
bool verify_record_value(CryptoContext& crypto, const Epoch& epoch, Table table, const StoredRecord& record,
                         ByteView content);

}  // namespace kagimori
