#include "engine/clock_record.h"

#include "engine/accounts.h"
#include "seal/record_error.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

Bytes clock_record_key() { return to_bytes(as_bytes("lifecycle_clock")); }

Bytes encode_clock_state(const LifecycleClockState& state) {
  ByteWriter out;
  out.u8(kFormat).i64(state.newest.micros).i64(state.offset_micros).boolean(state.destruction_held);
  return std::move(out).take();
}

Result<LifecycleClockState> decode_clock_state(ByteView bytes) {
  ByteReader in(bytes);
  TRY_ASSIGN(const std::uint8_t format, in.u8());
  if (format != kFormat)
    return fail(ErrorCode::kNewerSchema, "The record of the lifecycle clock is of a later release.");
  LifecycleClockState state;
  TRY_ASSIGN(state.newest.micros, in.i64());
  TRY_ASSIGN(state.offset_micros, in.i64());
  TRY_ASSIGN(state.destruction_held, in.boolean());
  TRY(in.expect_end());
  return state;
}

Result<std::optional<LifecycleClockState>> read_clock_state(RecordReader& reader) {
  const Bytes key = clock_record_key();
  TRY_ASSIGN(const auto saved, reader.get<Bytes>(kSystemAccount, Table::kJobs, key));
  if (!saved) return std::nullopt;
  const auto state = decode_clock_state(saved->record);
  if (!state) return fail(in_record(Table::kJobs, key, state.error()));
  return *state;
}

Status confirm_time(Transaction& transaction, LifecycleClock& clock) {
  TRY(authorize_operator(transaction.caller(), "kagimori:ConfirmTime"));
  LifecycleClockState state = clock.state();
  state.destruction_held = false;
  TRY(transaction.put(kSystemAccount, Table::kJobs, clock_record_key(), encode_clock_state(state)));
  transaction.on_commit([&clock] { clock.confirm(); });
  return {};
}

}  // namespace kagimori
