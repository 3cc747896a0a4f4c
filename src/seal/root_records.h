#pragma once

#include "seal/root.h"
#include "store/store.h"

namespace kagimori {

// The content of the records of kMeta and kEnvelopes (docs/formats/keyring.md), and where they lie.
inline constexpr std::uint32_t kStoreSchema = 1;

Bytes meta_key();
Bytes encode_meta(const StoreMeta& meta);
// kNewerSchema for a schema or format that this release does not know; kCorrupt.
Result<StoreMeta> decode_meta(ByteView content);
// As read_store_meta, with the record whose MAC is still to be checked.
struct StoredMeta {
  StoreMeta meta;
  StoredRecord record;
};
Result<StoredMeta> read_stored_meta(ReadTransaction& view);

Bytes envelope_key(std::uint32_t id);
Bytes encode_envelope(const EnvelopeRecord& envelope);
Result<EnvelopeRecord> decode_envelope(ByteView content);
struct StoredEnvelope {
  EnvelopeRecord envelope;
  StoredRecord record;  // its MAC is still to be checked
};
// All envelopes of the store; kCorrupt and kNewerSchema name table and primary key.
Result<std::vector<StoredEnvelope>> read_envelopes(ReadTransaction& view);

}  // namespace kagimori
