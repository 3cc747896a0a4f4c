#include "cli/audit_search.h"

#include <fmt/format.h>

#include <cstdio>

#include "audit/search.h"
#include "base/clock.h"
#include "cli/audit_time.h"
#include "cli/output.h"
#include "cli/text_table.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {
namespace {

constexpr std::string_view kSucceeded = "ok";

Result<audit::SearchQuery> query_of(const SearchAuditOptions& options) {
  audit::SearchQuery query;
  const auto add = [&query](audit::TermKind kind, const std::string& value) {
    if (!value.empty()) query.terms.push_back({kind, value});
  };
  add(audit::TermKind::kEvent, options.event_id);
  add(audit::TermKind::kRequest, options.request_id);
  add(audit::TermKind::kTrace, options.trace_id);
  if (!options.key.empty()) query.terms.push_back(audit::key_term(options.key));
  if (options.key.starts_with("arn:")) query.key_arn = options.key;
  add(audit::TermKind::kPrincipal, options.principal);
  add(audit::TermKind::kOperation, options.operation);
  if (options.result != kSucceeded) add(audit::TermKind::kError, options.result);
  add(audit::TermKind::kAddress, options.address);
  const Timestamp now = SystemClock().now();
  TRY_ASSIGN(query.from, audit_time("--from", options.from, now));
  TRY_ASSIGN(query.to, audit_time("--to", options.to, now));
  query.newest_first = !options.oldest_first;
  query.use_indexes = !options.scan;
  return query;
}

std::string json_of(const audit::FoundEventView& found) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("number", static_cast<std::int64_t>(found.index));
  json.key("event").raw(found.line).end_object();
  return text + "\n";
}

std::string who(const audit::EventView& event) {
  if (event.principal.empty()) return std::string(event.principal_type);
  return std::string(audit::name_of_principal(event.principal));
}

std::string keys_of(const audit::EventView& event) {
  std::string keys;
  for (const std::string_view key : event.keys) {
    if (!keys.empty()) keys += " ";
    keys += audit::key_term(key).value;
  }
  return keys.empty() ? std::string(event.asked_key) : keys;
}

// 2026-11-22 09:51:18
std::string short_time(std::string_view time) {
  std::string text(time.substr(0, 19));
  if (text.size() > 10) text[10] = ' ';
  return text;
}

std::vector<std::string> row_of(const audit::FoundEventView& found) {
  const audit::EventView& event = found.event;
  return {fmt::to_string(found.index),
          short_time(event.time),
          std::string(event.operation),
          who(event),
          keys_of(event),
          std::string(event.address),
          std::string(event.error_code.empty() ? kSucceeded : event.error_code)};
}

std::string notes_on(const audit::SearchReport& report, const SearchAuditOptions& options, bool has_more) {
  std::string text;
  if (has_more) text += fmt::format("There are more; --limit 0 shows all, --limit N the first N.\n", options.limit);
  if (report.unreadable > 0) {
    text += fmt::format("{} lines are no events: the log was changed. `kagimori audit verify {}` tells more.\n",
                        report.unreadable, options.folder.string());
  }
  return text;
}

}  // namespace

Status search_audit_log(const SearchAuditOptions& options) {
  TRY_ASSIGN(const audit::SearchQuery query, query_of(options));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TextTable table({"EVENT", "TIME (UTC)", "OPERATION", "PRINCIPAL", "KEY", "ADDRESS", "RESULT"});
  std::uint64_t shown = 0;
  bool has_more = false;
  const audit::OnFound show = [&](const audit::FoundEventView& found) -> Result<bool> {
    if (options.result == kSucceeded && !found.event.error_code.empty()) return true;
    has_more = options.limit > 0 && shown == options.limit;
    if (has_more) return false;
    ++shown;
    if (options.json) TRY(print(json_of(found)));
    if (!options.json) table.add(row_of(found));
    return true;
  };
  TRY_ASSIGN(const audit::SearchReport report,
             audit::search_log(*crypto, audit::LogFolder{options.folder}, query, show));
  const std::string notes = notes_on(report, options, has_more);
  if (!options.json) TRY(print(table.text("No event is like that.")));
  std::fputs(notes.c_str(), stderr);
  return {};
}

}  // namespace kagimori::cli
