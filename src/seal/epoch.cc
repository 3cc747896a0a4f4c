#include "seal/epoch.h"

#include "model/record_keys.h"
#include "seal/account_number.h"
#include "seal/sealed_box.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kWrappingKeyLabel = "kagimori epoch wrapping 1";
constexpr std::string_view kRecordKeyLabel = "kagimori epoch records 1";

void write_optional(ByteWriter& out, const std::optional<Timestamp>& time) {
  out.boolean(time.has_value());
  out.i64(time ? time->micros : 0);
}

Result<std::optional<Timestamp>> read_optional(ByteReader& in) {
  TRY_ASSIGN(const bool present, in.boolean());
  TRY_ASSIGN(const std::int64_t micros, in.i64());
  if (present) return Timestamp{micros};
  return std::nullopt;
}

}  // namespace

Bytes encode_epoch(const EpochRecord& record) {
  ByteWriter out;
  out.u8(kFormat).i64(record.created.micros);
  write_optional(out, record.superseded);
  write_optional(out, record.last_seen);
  return std::move(out.u64(record.reserved_uses).sized(record.wrapped_key)).take();
}

Result<EpochRecord> decode_epoch(ByteView content) {
  ByteReader in(content);
  EpochRecord record;
  TRY_ASSIGN(const std::uint8_t format, in.u8());
  if (format > kFormat) return fail(ErrorCode::kNewerSchema, "The epoch was written by a later release.");
  if (format != kFormat) return fail(ErrorCode::kCorrupt, "Its content is not an epoch.");
  TRY_ASSIGN(record.created.micros, in.i64());
  TRY_ASSIGN(record.superseded, read_optional(in));
  TRY_ASSIGN(record.last_seen, read_optional(in));
  TRY_ASSIGN(record.reserved_uses, in.u64());
  TRY_ASSIGN(const ByteView wrapped, in.sized());
  record.wrapped_key = to_bytes(wrapped);
  TRY(in.expect_end());
  return record;
}

Bytes epoch_key(const EpochName& name) { return record_key::epoch(account_text(name.account), name.number); }

Result<EpochName> parse_epoch_key(ByteView key) {
  ByteReader in(key);
  TRY_ASSIGN(const ByteView digits, in.take(12));
  const std::optional<std::uint64_t> account = account_number(as_text(digits));
  if (!account) return fail(ErrorCode::kCorrupt, "Its account is not 12 digits.");
  TRY_ASSIGN(const std::uint32_t number, in.u32());
  TRY(in.expect_end());
  return EpochName{*account, number};
}

Result<std::shared_ptr<Epoch>> Epoch::derive(CryptoContext& crypto, const EpochName& name, const SecretBytes& key,
                                             std::uint64_t reserved_uses) {
  const Bytes context = ByteWriter().u64(name.account).u32(name.number).bytes();
  std::shared_ptr<Epoch> epoch(new Epoch);
  epoch->name_ = name;
  TRY_ASSIGN(epoch->wrapping_key_, derive_key(crypto, key.expose(), kWrappingKeyLabel, context));
  TRY_ASSIGN(epoch->record_key_, derive_key(crypto, key.expose(), kRecordKeyLabel, context));
  epoch->uses_ = reserved_uses;
  epoch->reserved_ = reserved_uses;
  return epoch;
}

void Epoch::grant_uses(std::uint64_t from, std::uint64_t to) {
  uses_.store(from, std::memory_order_relaxed);
  reserved_.store(to, std::memory_order_release);
}

bool Epoch::count_use() {
  std::uint64_t uses = uses_.load(std::memory_order_relaxed);
  while (uses < reserved_.load(std::memory_order_acquire)) {
    if (uses_.compare_exchange_weak(uses, uses + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

}  // namespace kagimori
