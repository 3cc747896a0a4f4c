#include "audit/find_event.h"

#include <fmt/format.h>

#include "audit/log_reader.h"

namespace kagimori::audit {

Result<FoundEvent> event_at(const LogFolder& folder, std::uint64_t index) {
  TRY_ASSIGN(LogReader reader, LogReader::open(folder, index));
  for (;;) {
    TRY_ASSIGN(const auto line, reader.next());
    if (!line || line->index > index) break;
    if (line->index == index) return FoundEvent{index, std::string(line->text)};
  }
  return fail(ErrorCode::kNotFound, fmt::format("The audit log {} has no event {}.", folder.path.string(), index));
}

std::string_view event_id_of(std::string_view line) {
  // The last one: texts of callers stand before it, and no quote in them is bare.
  constexpr std::string_view kMember = ",\"eventID\":\"";
  const std::size_t at = line.rfind(kMember);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + kMember.size());
  return line.substr(0, line.find('"'));
}

}  // namespace kagimori::audit
