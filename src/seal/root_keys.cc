#include "seal/root_keys.h"

#include <algorithm>

#include "crypto/hmac.h"
#include "seal/record_error.h"
#include "seal/sealed_box.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kPrefixSize = 1 + 4;
constexpr std::size_t kMacSize = 32;

constexpr std::string_view kEpochKeyLabel = "kagimori root epochs 1";
constexpr std::string_view kRecordKeyLabel = "kagimori root records 1";
constexpr std::string_view kCheckKeyLabel = "kagimori root check 1";
constexpr std::string_view kEpochBoxLabel = "kagimori epoch 1";

Bytes epoch_binding(std::string_view store_id, std::uint64_t account, std::uint32_t epoch, std::uint32_t generation) {
  return ByteWriter().sized(store_id).u64(account).u32(epoch).u32(generation).bytes();
}

// What the MAC covers besides the content.
Bytes record_position(Table table, ByteView key, std::uint64_t revision, std::uint32_t generation) {
  return ByteWriter().u8(kFormat).u8(static_cast<std::uint8_t>(table)).sized(key).u64(revision).u32(generation).bytes();
}

}  // namespace

Result<RootKeys> RootKeys::derive(CryptoContext& crypto, std::string_view store_id, std::uint32_t generation,
                                  const SecretBytes& root) {
  if (root.size() != kRootKeySize) return fail(ErrorCode::kCorrupt, "The root key has a wrong size.");
  const Bytes context = ByteWriter().sized(store_id).u32(generation).bytes();
  RootKeys keys;
  keys.store_id_ = store_id;
  keys.generation_ = generation;
  TRY_ASSIGN(keys.epoch_key_, derive_key(crypto, root.expose(), kEpochKeyLabel, context));
  TRY_ASSIGN(keys.record_key_, derive_key(crypto, root.expose(), kRecordKeyLabel, context));
  TRY_ASSIGN(keys.check_key_, derive_key(crypto, root.expose(), kCheckKeyLabel, context));
  return keys;
}

Bytes RootKeys::check_value(CryptoContext& crypto) const {
  const Bytes message = ByteWriter().sized(store_id_).u32(generation_).bytes();
  return to_bytes(hmac_sha256(crypto, check_key_.expose(), {message}));
}

Result<Bytes> RootKeys::wrap_epoch(CryptoContext& crypto, RandomSource& random, std::uint64_t account,
                                   std::uint32_t epoch, const SecretBytes& key) const {
  return seal_box(crypto, random, epoch_key_.expose(), kEpochBoxLabel,
                  epoch_binding(store_id_, account, epoch, generation_), key.expose());
}

Result<SecretBytes> RootKeys::unwrap_epoch(CryptoContext& crypto, std::uint64_t account, std::uint32_t epoch,
                                           ByteView wrapped) const {
  return open_box(crypto, epoch_key_.expose(), kEpochBoxLabel, epoch_binding(store_id_, account, epoch, generation_),
                  wrapped);
}

Bytes RootKeys::seal_record(CryptoContext& crypto, Table table, ByteView key, std::uint64_t revision,
                            ByteView content) const {
  const Mac256 mac =
      hmac_sha256(crypto, record_key_.expose(), {record_position(table, key, revision, generation_), content});
  return ByteWriter().u8(kFormat).u32(generation_).raw(content).raw(mac).bytes();
}

Result<ByteView> RootKeys::open_record(CryptoContext& crypto, Table table, const StoredRecord& record) const {
  TRY_ASSIGN(const RootRecordView view, parse_root_record(table, record));
  const Mac256 mac = hmac_sha256(crypto, record_key_.expose(),
                                 {record_position(table, record.key, record.revision, generation_), view.content});
  if (view.generation != generation_ || !constant_time_equal(mac, ByteView(record.value).last(kMacSize))) {
    return fail(corrupt_record(table, record.key, "its MAC does not match."));
  }
  return view.content;
}

const RootKeys* RootGenerations::find(std::uint32_t generation) const {
  const auto found = std::find_if(generations_.begin(), generations_.end(),
                                  [&](const RootKeys& keys) { return keys.generation() == generation; });
  return found == generations_.end() ? nullptr : &*found;
}

Result<ByteView> RootGenerations::open_record(CryptoContext& crypto, Table table, const StoredRecord& record) const {
  TRY_ASSIGN(const RootRecordView view, parse_root_record(table, record));
  const RootKeys* const keys = find(view.generation);
  if (keys == nullptr) {
    return fail(corrupt_record(table, record.key, "it names a generation of the root key that is not in use."));
  }
  return keys->open_record(crypto, table, record);
}

Result<RootRecordView> parse_root_record(Table table, const StoredRecord& record) {
  const ByteView value(record.value);
  if (!value.empty() && value[0] > kFormat) return fail(newer_record(table, record.key));
  if (value.size() < kPrefixSize + kMacSize || value[0] != kFormat) {
    return fail(corrupt_record(table, record.key, "it is cut off or not a record."));
  }
  TRY_ASSIGN(const std::uint32_t generation, ByteReader(value.subspan(1)).u32());
  return RootRecordView{generation, value.subspan(kPrefixSize, value.size() - kPrefixSize - kMacSize)};
}

}  // namespace kagimori
