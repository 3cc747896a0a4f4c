#include "seal/root_records.h"

#include <fmt/format.h>

#include "seal/record_error.h"
#include "seal/root_keys.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kMetaKey = "store";
constexpr std::size_t kPage = 256;

Status read_format(ByteReader& in) {
  TRY_ASSIGN(const std::uint8_t format, in.u8());
  if (format > kFormat) return fail(ErrorCode::kNewerSchema, "The record was written by a later release.");
  if (format != kFormat) return fail(ErrorCode::kCorrupt, "its content has no known format.");
  return {};
}

}  // namespace

Bytes meta_key() { return to_bytes(as_bytes(kMetaKey)); }

Bytes encode_meta(const StoreMeta& meta) {
  return ByteWriter()
      .u8(kFormat)
      .u32(meta.schema)
      .sized(meta.store_id)
      .u32(meta.root_generation)
      .u32(meta.next_generation)
      .sized(meta.root_check)
      .i64(meta.created.micros)
      .boolean(meta.test_store)
      .bytes();
}

Result<StoreMeta> decode_meta(ByteView content) {
  ByteReader in(content);
  StoreMeta meta;
  TRY(read_format(in));
  TRY_ASSIGN(meta.schema, in.u32());
  if (meta.schema > kStoreSchema) {
    return fail(ErrorCode::kNewerSchema,
                fmt::format("The store has schema {}, but this release of Kagimori knows only schema {}. Use the "
                            "release that wrote it, or a later one.",
                            meta.schema, kStoreSchema));
  }
  if (meta.schema == 0) return fail(ErrorCode::kCorrupt, "its schema is 0.");
  TRY_ASSIGN(meta.store_id, in.sized_text());
  TRY_ASSIGN(meta.root_generation, in.u32());
  TRY_ASSIGN(meta.next_generation, in.u32());
  TRY_ASSIGN(const ByteView check, in.sized());
  meta.root_check = to_bytes(check);
  TRY_ASSIGN(meta.created.micros, in.i64());
  TRY_ASSIGN(meta.test_store, in.boolean());
  TRY(in.expect_end());
  return meta;
}

Result<StoredMeta> read_stored_meta(ReadTransaction& view) {
  TRY_ASSIGN(std::optional<StoredRecord> record, view.get(Table::kMeta, meta_key()));
  if (!record && view.store_revision() > 0) {
    return fail(ErrorCode::kCorrupt,
                "The record of table meta is missing, and without it no other can be opened. Restore the store from a "
                "backup.");
  }
  if (!record) {
    return fail(ErrorCode::kNotFound, "The store is empty: it has not been initialised. Run `kagimori init`.");
  }
  TRY_ASSIGN(const RootRecordView sealed, parse_root_record(Table::kMeta, *record));
  Result<StoreMeta> meta = decode_meta(sealed.content);
  if (!meta && meta.error().code == ErrorCode::kNewerSchema) return fail(meta.error());
  if (!meta) return fail(in_record(Table::kMeta, record->key, meta.error()));
  return StoredMeta{*std::move(meta), *std::move(record)};
}

Result<StoreMeta> read_store_meta(Store& store) {
  TRY_ASSIGN(const auto view, store.read());
  TRY_ASSIGN(StoredMeta stored, read_stored_meta(*view));
  return std::move(stored.meta);
}

Bytes envelope_key(std::uint32_t id) { return ByteWriter().u32(id).bytes(); }

Bytes encode_envelope(const EnvelopeRecord& envelope) {
  return ByteWriter()
      .u8(kFormat)
      .u32(envelope.id)
      .u8(static_cast<std::uint8_t>(envelope.type))
      .u32(envelope.root_generation)
      .sized(envelope.label)
      .sized(envelope.parameters)
      .sized(envelope.wrapped_root)
      .i64(envelope.created.micros)
      .bytes();
}

Result<EnvelopeRecord> decode_envelope(ByteView content) {
  ByteReader in(content);
  EnvelopeRecord envelope;
  TRY(read_format(in));
  TRY_ASSIGN(envelope.id, in.u32());
  TRY_ASSIGN(const std::uint8_t type, in.u8());
  envelope.type = static_cast<EnvelopeType>(type);
  TRY_ASSIGN(envelope.root_generation, in.u32());
  TRY_ASSIGN(envelope.label, in.sized_text());
  TRY_ASSIGN(const ByteView parameters, in.sized());
  TRY_ASSIGN(const ByteView wrapped, in.sized());
  envelope.parameters = to_bytes(parameters);
  envelope.wrapped_root = to_bytes(wrapped);
  TRY_ASSIGN(envelope.created.micros, in.i64());
  TRY(in.expect_end());
  return envelope;
}

Result<std::vector<StoredEnvelope>> read_envelopes(ReadTransaction& view) {
  TRY_ASSIGN(auto records, view.scan(Table::kEnvelopes, {}, {}, kPage));
  std::vector<StoredEnvelope> envelopes;
  for (StoredRecord& record : records) {
    TRY_ASSIGN(const RootRecordView sealed, parse_root_record(Table::kEnvelopes, record));
    Result<EnvelopeRecord> envelope = decode_envelope(sealed.content);
    if (!envelope) return fail(in_record(Table::kEnvelopes, record.key, envelope.error()));
    envelopes.push_back({*std::move(envelope), std::move(record)});
  }
  return envelopes;
}

}  // namespace kagimori
