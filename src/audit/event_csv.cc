#include "audit/event_csv.h"

#include <algorithm>
#include <vector>

namespace kagimori::audit {
namespace {

constexpr std::string_view kHead =
    R"("number","time","operation","source","principal_type","principal","account","keys","error_code",)"
    R"("error_message","address","user_agent","request_id","event_id","event")"
    "\n";
constexpr std::size_t kColumns = 15;

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

void append_text(std::string& out, std::string_view text) {
  const bool is_formula = !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
  std::string shown = is_formula ? "'" : "";
  shown += text;
  std::ranges::replace_if(shown, is_control, ' ');
  append_quoted(out, shown);
  out.push_back(',');
}

}  // namespace

std::string_view csv_head() { return kHead; }

void append_csv_row(std::string& out, std::uint64_t number, const EventView& event, std::string_view line) {
  std::string keys;
  for (const std::string_view key : event.keys) keys.append(keys.empty() ? "" : " ").append(key);
  append_text(out, std::to_string(number));
  for (const std::string_view text : {event.time, event.operation, event.source, event.principal_type, event.principal,
                                      event.account, std::string_view(keys), event.error_code, event.error_message,
                                      event.address, event.user_agent, event.request_id, event.event_id}) {
    append_text(out, text);
  }
  append_quoted(out, line);
  out.push_back('\n');
}

Result<std::string> event_of_csv_row(std::string_view row) {
  std::string field;
  for (std::size_t column = 1;; ++column) {
    if (!row.starts_with('"')) break;
    field.clear();
    std::size_t at = 1;
    for (; at < row.size(); ++at) {
      const bool is_doubled = row.substr(at, 2) == "\"\"";
      if (row[at] == '"' && !is_doubled) break;
      field.push_back(row[at]);
      at += is_doubled ? 1 : 0;
    }
    if (at >= row.size()) break;
    row.remove_prefix(at + 1);
    if (column == kColumns && row.empty()) return field;
    if (column == kColumns || !row.starts_with(',')) break;
    row.remove_prefix(1);
  }
  return fail(ErrorCode::kValidation, "A row of the CSV file has not the columns that an export has.");
}

}  // namespace kagimori::audit
