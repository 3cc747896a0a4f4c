#include "audit/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "audit/segment_index.h"
#include "audit/segment_reader.h"

namespace kagimori::audit {
namespace {

// A line of a segment: where it is in the file, and its number there.
struct Place {
  std::uint64_t begin = 0, bytes = 0;  // without the line feed
  std::uint32_t line = 0;
};

// Whether JSON has the text as it is, so that a line without it needs no parsing.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

class LogSearch {
 public:
  LogSearch(CryptoContext& crypto, const LogFolder& folder, const SearchQuery& query, const OnFound& on_found)
      : crypto_(crypto), folder_(folder), query_(query), on_found_(on_found) {
    for (const Term& term : query.terms) {
      const bool any_error = term.kind == TermKind::kError && (term.value == kFailed || term.value == kDenied);
      const std::string_view text = any_error ? std::string_view("\"errorCode\"") : std::string_view(term.value);
      if (any_error || is_plain(text)) needles_.push_back(text);
    }
  }

  Result<SearchReport> run() {
    TRY_ASSIGN(std::vector<std::uint64_t> firsts, list_segments(folder_));
    if (firsts.empty()) {
      return fail(ErrorCode::kNotFound, fmt::format("{} has no segments of an audit log.", folder_.path.string()));
    }
    const std::uint64_t open_segment = firsts.back();
    if (query_.newest_first) std::ranges::reverse(firsts);
    for (const std::uint64_t first : firsts) {
      TRY_ASSIGN(const bool more, search_segment(first, first != open_segment));
      if (!more) break;
    }
    return report_;
  }

 private:
  Result<bool> search_segment(std::uint64_t first, bool is_closed) {
    Result<OpenFile> opened = open_for_reading(folder_.segment(first));
    // The retention may have removed it since the segments were listed.
    if (!opened && opened.error().code == ErrorCode::kNotFound) return true;
    if (!opened) return fail(opened.error());
    ++report_.segments;
    std::optional<std::vector<Place>> places;
    if (is_closed && query_.use_indexes) places = from_index(first, opened->bytes);
    if (!places) {
      TRY_ASSIGN(places, from_segment(*opened));
    }
    if (query_.newest_first) std::ranges::reverse(*places);
    for (const Place& place : *places) {
      TRY_ASSIGN(const std::string line, read_segment(opened->file.get(), place.begin, place.bytes));
      TRY_ASSIGN(const bool more, show(first + place.line, line));
      if (!more) return false;
    }
    return true;
  }

  // Nothing when there is no index to be used.
  std::optional<std::vector<Place>> from_index(std::uint64_t first, std::uint64_t bytes) {
    Result<SegmentIndex> index = SegmentIndex::open(crypto_, folder_, first, bytes);
    if (!index) return std::nullopt;
    Result<std::vector<Place>> places = find_in(*index);
    if (!places) return std::nullopt;
    ++report_.indexed;
    return *std::move(places);
  }

  Result<std::vector<Place>> find_in(SegmentIndex& index) const {
    std::vector<Place> places;
    const bool too_old = !query_.from.empty() && index.last_time() < query_.from;
    const bool too_new = !query_.to.empty() && index.first_time() >= query_.to;
    if (too_old || too_new) return places;
    TRY_ASSIGN(const std::vector<std::uint32_t> lines, candidates(index));
    if (lines.empty()) return places;
    TRY_ASSIGN(const std::vector<std::uint64_t> begins, index.line_begins());
    for (const std::uint32_t line : lines) {
      places.push_back({begins[line], begins[line + 1] - begins[line] - 1, line});
    }
    return places;
  }

  Result<std::vector<std::uint32_t>> candidates(SegmentIndex& index) const {
    std::vector<std::uint32_t> lines;
    if (query_.terms.empty()) {
      for (std::uint32_t line = 0; line < index.lines(); ++line) lines.push_back(line);
      return lines;
    }
    for (const Term& term : query_.terms) {
      TRY_ASSIGN(std::vector<std::uint32_t> with_term, index.lines_with(term));
      if (&term != &query_.terms.front()) {
        std::vector<std::uint32_t> both;
        std::ranges::set_intersection(lines, with_term, std::back_inserter(both));
        with_term = std::move(both);
      }
      lines = std::move(with_term);
      if (lines.empty()) break;
    }
    return lines;
  }

  // Where the texts occur: whether they stand in the right place is seen when the line is shown.
  Result<std::vector<Place>> from_segment(const OpenFile& opened) const {
    std::vector<Place> places;
    SegmentReader reader(opened.file.get(), 0, opened.bytes);
    std::string_view line;
    for (std::uint32_t number = 0;; ++number) {
      TRY_ASSIGN(const bool more, reader.next(line));
      if (!more) return places;
      const bool may_match = std::ranges::all_of(needles_, [line](auto text) { return line.find(text) != line.npos; });
      if (may_match) places.push_back({reader.position() - 1 - line.size(), line.size(), number});
    }
  }

  Result<bool> show(std::uint64_t index, std::string_view line) {
    const Result<EventView> event = parser_.parse(line);
    if (!event) {
      ++report_.unreadable;
      return true;
    }
    if (!matches(*event)) return true;
    return on_found_({index, line, *event});
  }

  bool matches(const EventView& event) {
    if (!query_.from.empty() && event.time < query_.from) return false;
    if (!query_.to.empty() && event.time >= query_.to) return false;
    if (!query_.key_arn.empty() && event.asked_key != query_.key_arn &&
        std::ranges::find(event.keys, query_.key_arn) == event.keys.end()) {
      return false;
    }
    terms_.clear();
    append_terms(event, terms_);
    return std::ranges::all_of(query_.terms, [this](const Term& wanted) {
      return std::ranges::any_of(
          terms_, [&wanted](TermView term) { return term.kind == wanted.kind && term.value == wanted.value; });
    });
  }

  CryptoContext& crypto_;
  const LogFolder& folder_;
  const SearchQuery& query_;
  const OnFound& on_found_;
  std::vector<std::string_view> needles_;
  EventParser parser_;
  std::vector<TermView> terms_;
  SearchReport report_;
};

}  // namespace

Result<SearchReport> search_log(CryptoContext& crypto, const LogFolder& folder, const SearchQuery& query,
                                const OnFound& on_found) {
  return LogSearch(crypto, folder, query, on_found).run();
}

}  // namespace kagimori::audit
