#include "engine/clock_record.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace kagimori {
namespace {

LifecycleClockState sample() {
  LifecycleClockState state;
  state.newest = Timestamp::from_seconds(1'800'000'000);
  state.offset_micros = -1;
  state.destruction_held = true;
  return state;
}

// The golden file of the record: version byte, microseconds since 1970, offset, whether destruction is held.
constexpr std::string_view kGolden = "010006651728988000ffffffffffffffff01";

TEST(ClockRecord, StaysAsItIsWritten) {
  EXPECT_EQ(hex_encode(encode_clock_state(sample())), kGolden);
  const auto state = decode_clock_state(*hex_decode(kGolden));
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->newest, sample().newest);
  EXPECT_EQ(state->offset_micros, -1);
  EXPECT_TRUE(state->destruction_held);
}

TEST(ClockRecord, ALaterFormatAndWrongSizesAreRefused) {
  const Bytes good = encode_clock_state(sample());
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_clock_state(ByteView(good).first(size)));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(decode_clock_state(longer).error().code, ErrorCode::kCorrupt);
  Bytes later = good;
  later[0] = 2;
  EXPECT_EQ(decode_clock_state(later).error().code, ErrorCode::kNewerSchema);
}

}  // namespace
}  // namespace kagimori
