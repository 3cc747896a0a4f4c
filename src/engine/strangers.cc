#include "engine/strangers.h"

#include <algorithm>

namespace kagimori {
namespace {

void add(StrangerReport& to, const StrangerReport& more) {
  to.first = std::min(to.first, more.first);
  to.last = std::max(to.last, more.last);
  for (const auto& [what, count] : more.requests) to.requests[what] += count;
}

}  // namespace

std::size_t Strangers::Window::left(Timestamp now) {
  if (now >= began.plus_seconds(seconds)) {
    began = now;
    made = 0;
  }
  return most - std::min(made, most);
}

StrangerReport& Strangers::report_of(std::string_view source, Timestamp now) {
  const auto known = sources_.find(source);
  if (known != sources_.end()) return known->second;
  const StrangerReport fresh{std::string(source), 1, now, now, {}};
  if (sources_.size() < kMaxSources) return sources_.emplace(source, fresh).first->second;
  if (!rest_) rest_ = StrangerReport{{}, 0, now, now, {}};
  return *rest_;
}

void Strangers::note(std::string_view source, std::string_view what, Timestamp now) {
  const std::lock_guard lock(mutex_);
  StrangerReport& report = report_of(source, now);
  report.last = now;
  ++report.requests[what];
}

void Strangers::add_to_rest(const StrangerReport& report) {
  if (!rest_) {
    rest_ = report;
    rest_->source.clear();
    return;
  }
  rest_->sources += report.sources;
  add(*rest_, report);
}

std::vector<StrangerReport> Strangers::take(Timestamp lifecycle_now, bool all) {
  const std::lock_guard lock(mutex_);
  if (sources_.empty() && !rest_) return {};
  if (!all && lifecycle_now < taken_.plus_seconds(kPeriodSeconds)) return {};
  taken_ = lifecycle_now;
  const std::size_t most =
      std::min({kReportsPerMinute, hour_.left(lifecycle_now), day_.left(lifecycle_now), sources_.size()});
  std::vector<StrangerReport> reports;
  for (auto& [source, report] : sources_) {
    if (reports.size() < most) {
      reports.push_back(std::move(report));
    } else {
      add_to_rest(report);
    }
  }
  hour_.made += reports.size();
  day_.made += reports.size();
  sources_.clear();
  if (rest_) reports.push_back(*std::move(rest_));
  rest_.reset();
  return reports;
}

void Strangers::put_back(const std::vector<StrangerReport>& reports) {
  const std::lock_guard lock(mutex_);
  for (const StrangerReport& report : reports) {
    if (report.source.empty()) {
      add_to_rest(report);
      continue;
    }
    StrangerReport& now = report_of(report.source, report.first);
    if (now.source.empty()) now.sources += 1;
    add(now, report);
  }
}

}  // namespace kagimori
