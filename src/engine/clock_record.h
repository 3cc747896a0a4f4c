#pragma once

#include "base/bytes.h"
#include "base/lifecycle_clock.h"
#include "engine/transaction.h"

namespace kagimori {

// The lifecycle clock's record in table kJobs (docs/formats/record.md).
Bytes clock_record_key();
Bytes encode_clock_state(const LifecycleClockState& state);
Result<LifecycleClockState> decode_clock_state(ByteView bytes);
// What was saved last, if anything was. kCorrupt names the record.
Result<std::optional<LifecycleClockState>> read_clock_state(RecordReader& reader);

// An administrator of the operator account has looked at the time: destruction goes on once this is committed.
Status confirm_time(Transaction& transaction, LifecycleClock& clock);

}  // namespace kagimori
