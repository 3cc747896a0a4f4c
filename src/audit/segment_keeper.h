#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/background_thread.h"
#include "audit/log.h"
#include "audit/segment_index.h"
#include "audit/sequencer.h"
#include "base/lifecycle_clock.h"
#include "crypto/context.h"

namespace kagimori::audit {

// Writes the index of a closed segment (audit/segment_index.h).
Status index_segment(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first);

// Looks after the closed segments of a server's log: gives each an index, and removes those whose events are all older
// than the retention. Before a segment goes, an event says so and the log's key signs it; its hashes stay, so that the
// rest can be proved. While the clock waits for a look (LifecycleClock), nothing is removed. Its own thread.
class SegmentKeeper {
 public:
  struct Parts {
    Log& log;
    Sequencer& sequencer;
    const LifecycleClock& clock;
    std::int64_t retention_days = 0;  // 0: everything is kept
    // Makes the event of a removal, with its line feed, from the number of the first event that stays and the time of
    // the last that goes.
    std::function<std::string(std::uint64_t first_kept, std::string_view removed_until)> removal_event;
  };
  static Result<std::unique_ptr<SegmentKeeper>> start(Parts parts);

 private:
  explicit SegmentKeeper(Parts parts) : parts_(std::move(parts)) {}
  void loop();
  Status turn();
  Status index_closed(const std::vector<std::uint64_t>& firsts);
  Status remove_old(const std::vector<std::uint64_t>& firsts);
  // The segment's, which is made where it is missing or damaged.
  Result<SegmentIndex> index_of(std::uint64_t first);

  const Parts parts_;
  std::unique_ptr<CryptoContext> crypto_;
  std::uint64_t indexed_before_ = 0;         // every closed segment that begins before has its index
  std::optional<std::string> newest_to_go_;  // the time of the newest event of the oldest segment
  std::uint64_t announced_ = 0;              // an event says that those before this one go
  std::optional<std::string> failed_;        // so that it is said once
  BackgroundThread thread_;                  // last: it works on the others
};

}  // namespace kagimori::audit
