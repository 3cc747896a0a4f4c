#include "audit/log_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace kagimori::audit {

Result<LogReader> LogReader::open(const LogFolder& folder, std::uint64_t from_line) {
  TRY_ASSIGN(std::vector<std::uint64_t> firsts, list_segments(folder));
  if (firsts.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("{} has no segments of an audit log.", folder.path.string()));
  }
  const auto after = std::ranges::upper_bound(firsts, from_line);
  if (after - firsts.begin() > 1) firsts.erase(firsts.begin(), after - 1);
  return LogReader(folder, std::move(firsts));
}

Status LogReader::open_next() {
  const std::uint64_t named = firsts_[opened_];
  if (named != index_ && !misfit_) misfit_ = Misfit{index_, named};
  TRY_ASSIGN(file_, open_for_reading(folder_.segment(named)));
  reader_.emplace(file_.file.get(), 0, file_.bytes);
  ++opened_;
  return {};
}

Result<std::optional<LogReader::Line>> LogReader::next() {
  for (;;) {
    if (reader_) {
      std::string_view text;
      TRY_ASSIGN(const bool more, reader_->next(text));
      if (more) return Line{index_++, text};
    }
    if (opened_ == firsts_.size()) return std::nullopt;
    TRY(open_next());
  }
}

}  // namespace kagimori::audit
