#include "audit/segment_keeper.h"

#include <algorithm>
#include <optional>

#include "audit/segment_reader.h"
#include "base/log.h"

namespace kagimori::audit {
namespace {

constexpr std::chrono::seconds kInterval{1};

}  // namespace

Status index_segment(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first) {
  TRY_ASSIGN(const OpenFile opened, open_for_reading(folder.segment(first)));
  SegmentIndexBuilder builder(crypto);
  EventParser parser;
  SegmentReader reader(opened.file.get(), 0, opened.bytes);
  std::string_view line;
  for (;;) {
    TRY_ASSIGN(const bool more, reader.next(line));
    if (!more) break;
    if (const Result<EventView> event = parser.parse(line)) {
      builder.add(*event, line.size() + 1);
    } else {
      builder.add_other(line.size() + 1);
    }
  }
  return replace_log_file(folder.index(first), std::move(builder).finish(), Durable::kNo);
}

Result<std::unique_ptr<SegmentKeeper>> SegmentKeeper::start(Parts parts) {
  std::unique_ptr<SegmentKeeper> keeper(new SegmentKeeper(std::move(parts)));
  TRY_ASSIGN(keeper->crypto_, CryptoContext::create());
  keeper->thread_.start([keeper = keeper.get()] { keeper->loop(); });
  return keeper;
}

void SegmentKeeper::loop() {
  do {
    const Status done = turn();
    if (!done && failed_ != done.error().message) {
      LogLine(LogLevel::kError, "the segments of the audit log can't be looked after")
          .field("reason", done.error().message);
    }
    failed_ = done ? std::nullopt : std::optional(done.error().message);
  } while (thread_.wait(kInterval));
}

Status SegmentKeeper::turn() {
  TRY_ASSIGN(const std::vector<std::uint64_t> firsts, list_segments(parts_.log.folder()));
  TRY(index_closed(firsts));
  return parts_.retention_days > 0 ? remove_old(firsts) : Status();
}

Result<SegmentIndex> SegmentKeeper::index_of(std::uint64_t first) {
  const LogFolder& folder = parts_.log.folder();
  TRY_ASSIGN(const OpenFile segment, open_for_reading(folder.segment(first)));
  Result<SegmentIndex> index = SegmentIndex::open(*crypto_, folder, first, segment.bytes);
  if (index) return index;
  TRY(index_segment(*crypto_, folder, first));
  return SegmentIndex::open(*crypto_, folder, first, segment.bytes);
}

Status SegmentKeeper::index_closed(const std::vector<std::uint64_t>& firsts) {
  for (std::size_t i = 0; i + 1 < firsts.size() && !thread_.is_stopping(); ++i) {
    if (firsts[i] < indexed_before_) continue;
    TRY(index_of(firsts[i]));
    indexed_before_ = firsts[i] + 1;
  }
  return {};
}

Status SegmentKeeper::remove_old(const std::vector<std::uint64_t>& firsts) {
  if (parts_.clock.destruction_is_held() || parts_.clock.has_jumped()) return {};
  const std::string keep_from = to_iso8601_micros(parts_.clock.now().plus_days(-parts_.retention_days));
  if (newest_to_go_ && *newest_to_go_ >= keep_from) return {};
  std::string removed_until;
  std::size_t old = 0;
  for (; old + 1 < firsts.size(); ++old) {
    TRY_ASSIGN(const SegmentIndex index, index_of(firsts[old]));
    newest_to_go_ = index.last_time();
    if (*newest_to_go_ >= keep_from) break;
    removed_until = std::max(removed_until, *newest_to_go_);
  }
  if (old + 1 >= firsts.size()) newest_to_go_.reset();
  if (old == 0) return {};
  if (announced_ != firsts[old]) TRY(parts_.log.append(parts_.removal_event(firsts[old], removed_until)));
  announced_ = firsts[old];
  TRY(parts_.sequencer.remove_before(firsts[old]));
  LogLine(LogLevel::kInfo, "segments of the audit log were older than its retention and are removed")
      .field("events_before", std::to_string(firsts[old]))
      .field("until", removed_until);
  return {};
}

}  // namespace kagimori::audit
