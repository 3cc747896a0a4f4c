#include "audit/sink_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/log.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kBatchEvents = 500;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;
constexpr std::size_t kMaxPositionFile = 64;
constexpr std::chrono::milliseconds kIdle{200};
constexpr std::chrono::milliseconds kFirstPause{500}, kLongestPause{30'000};
constexpr std::chrono::seconds kSaveInterval{1};
constexpr std::chrono::seconds kConfirmedAfter{30};  // a connection that is lost shows by then

// A log that lost its last lines with the power can be shorter than what a sink has got; no sink keeps a server down.
Result<std::uint64_t> saved_position(const Log& log, const std::string& name) {
  const Result<std::string> text = read_log_file(log.folder().sink(name), kMaxPositionFile);
  if (!text && text.error().code == ErrorCode::kNotFound) return log.lines();
  if (!text && text.error().code != ErrorCode::kCorrupt) return fail(text.error());
  const std::string_view digits = text ? std::string_view(*text) : std::string_view();
  std::uint64_t position = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position);
  if (error == std::errc() && end != digits.data() && position <= log.lines()) return position;
  LogLine(LogLevel::kError, "how far a sink of the audit log has come is not known; it begins with the events of now")
      .field("sink", name)
      .field("file", log.folder().sink(name).string());
  return log.lines();
}

}  // namespace

Result<std::unique_ptr<SinkRunner>> SinkRunner::start(Parts parts) {
  TRY_ASSIGN(const std::uint64_t next, saved_position(parts.log, parts.name));
  std::unique_ptr<SinkRunner> runner(new SinkRunner(std::move(parts), next));
  TRY(runner->write_position(next));
  runner->thread_.start([runner = runner.get()] { runner->loop(); });
  return runner;
}

SinkCounts SinkRunner::counts() const {
  const std::uint64_t lines = parts_.log.lines();
  const std::uint64_t position = position_.load(std::memory_order_relaxed);
  return {delivered_.load(std::memory_order_relaxed), failures_.load(std::memory_order_relaxed),
          skipped_.load(std::memory_order_relaxed), lines > position ? lines - position : 0};
}

void SinkRunner::loop() {
  std::chrono::milliseconds pause = kFirstPause;
  for (std::chrono::milliseconds next{0}; thread_.wait(next);) {
    const Result<bool> done = turn();
    if (done) {
      if (failed_) LogLine(LogLevel::kInfo, "a sink of the audit log works again").field("sink", parts_.name);
      failed_.reset();
      pause = kFirstPause;
      next = *done ? std::chrono::milliseconds(0) : kIdle;
      continue;
    }
    fail_once(done.error());
    next = pause;
    pause = std::min(2 * pause, kLongestPause);
  }
  if (const Status saved = save(); !saved) fail_once(saved.error());
}

void SinkRunner::fail_once(const Error& error) {
  failures_.fetch_add(1, std::memory_order_relaxed);
  if (failed_ == error.message) return;
  failed_ = error.message;
  LogLine(LogLevel::kError, "a sink of the audit log does not take events; they wait")
      .field("sink", parts_.name)
      .field("reason", error.message);
}

Result<bool> SinkRunner::turn() {
  TRY(move_on());
  const std::uint64_t before = follower_.next();
  TRY_ASSIGN(const LineFollower::Lines lines, follower_.read(kBatchEvents, kBatchBytes));
  if (lines.first > before) {  // the retention has removed them
    const Status told = skip_to(before, lines.first);
    if (!told) follower_.go_to(before);
    TRY(told);
  }
  if (const Status delivered = deliver(lines); !delivered) {
    follower_.go_to(unconfirmed_.value_or(lines.first));
    unconfirmed_.reset();
    position_.store(follower_.next(), std::memory_order_relaxed);
    return fail(delivered.error());
  }
  position_.store(follower_.next(), std::memory_order_relaxed);
  const auto now = std::chrono::steady_clock::now();
  if (!parts_.sink->confirms() && !lines.lines.empty()) {
    unconfirmed_ = lines.first;
    confirmed_at_ = now + kConfirmedAfter;
  } else if (now >= confirmed_at_) {
    unconfirmed_.reset();
  }
  if (std::chrono::steady_clock::now() >= next_save_) TRY(save());
  return !lines.lines.empty();
}

Status SinkRunner::deliver(const LineFollower::Lines& lines) {
  std::vector<SinkEvent> events;
  for (std::size_t i = 0; i < lines.lines.size(); ++i) {
    if (parts_.wants(lines.lines[i])) events.push_back({lines.first + i, lines.lines[i]});
  }
  if (events.empty()) return {};
  TRY(parts_.sink->deliver(events));
  delivered_.fetch_add(events.size(), std::memory_order_relaxed);
  return {};
}

Status SinkRunner::move_on() {
  const std::uint64_t lines = parts_.log.lines();
  const std::uint64_t next = follower_.next();
  if (lines <= next || lines - next <= parts_.most_behind) return {};
  const std::uint64_t to = lines - parts_.most_behind / 2;
  TRY(skip_to(next, to));
  follower_.go_to(to);
  unconfirmed_.reset();
  return {};
}

Status SinkRunner::skip_to(std::uint64_t first, std::uint64_t next) {
  TRY(parts_.log.append(parts_.skip_event(parts_.name, first, next - first)));
  skipped_.fetch_add(next - first, std::memory_order_relaxed);
  LogLine(LogLevel::kError, "a sink of the audit log was too far behind; events were not delivered to it")
      .field("sink", parts_.name)
      .field("first", std::to_string(first))
      .field("events", std::to_string(next - first));
  return {};
}

// As far as what was delivered is there for certain.
Status SinkRunner::save() {
  next_save_ = std::chrono::steady_clock::now() + kSaveInterval;
  const std::uint64_t position = unconfirmed_.value_or(follower_.next());
  if (position == saved_) return {};
  TRY(write_position(position));
  saved_ = position;
  return {};
}

Status SinkRunner::write_position(std::uint64_t position) const {
  const std::string text = fmt::format("{}\n", position);
  return replace_log_file(parts_.log.folder().sink(parts_.name), as_bytes(text), Durable::kNo);
}

}  // namespace kagimori::audit
