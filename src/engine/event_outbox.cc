#include "engine/event_outbox.h"

#include "audit/find_event.h"
#include "base/log.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 256;
// More than a server can have left between a commit and the clearing of its event.
constexpr std::size_t kLogTail = std::size_t{8} << 20;

}  // namespace

Status EventOutbox::recover() {
  TRY_ASSIGN(const std::string written, log_.tail(kLogTail));
  std::size_t page = kPage;
  for (;;) {
    TRY_ASSIGN(auto pending, store_.pending_events(page));
    if (pending.empty()) return {};
    if (pending.size() == page) {
      // The last change may have more events than this page holds, and they are cleared together.
      const std::uint64_t last = pending.back().store_revision;
      if (pending.front().store_revision == last) {
        page *= 2;
        continue;
      }
      while (pending.back().store_revision == last) pending.pop_back();
    }
    std::string lines;
    for (const PendingEvent& event : pending) {
      const std::string_view line = as_text(event.payload);
      const std::string_view id = audit::event_id_of(line);
      if (id.empty() || written.find(id) == std::string::npos) lines += line;
    }
    if (!lines.empty()) TRY(log_.append(lines));
    store_.remove_events(pending.back().store_revision);
  }
}

void EventOutbox::committed(std::uint64_t store_revision, std::string_view line) {
  const std::lock_guard lock(mutex_);
  backlog_ += line;
  newest_ = store_revision;
  if (const Status written = write_backlog(); !written) LogLine(LogLevel::kError, written.error().message);
}

Status EventOutbox::ready() {
  if (!blocked_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  return write_backlog();
}

Status EventOutbox::write_backlog() {
  if (backlog_.empty()) return {};
  Status written = log_.append(backlog_);
  blocked_.store(!written, std::memory_order_release);
  if (!written) return written;
  backlog_.clear();
  store_.remove_events(newest_);
  return {};
}

}  // namespace kagimori
