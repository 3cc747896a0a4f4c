#include "audit/search.h"
#include "engine/engine.h"
#include "policy/condition_value.h"
#include "protocol/json.h"

namespace kagimori {
namespace {

// requestParameters.target of an event BackUpStore.
Result<std::string> target_of(JsonDocument& document, std::string_view line) {
  std::string padded(line);
  padded.append(JsonDocument::kPadding, '\0');
  TRY_ASSIGN(const JsonValue* const event, document.parse(as_bytes(std::string_view(padded).substr(0, line.size()))));
  const JsonValue* const parameters = event->find("requestParameters");
  const JsonValue* const target = parameters != nullptr ? parameters->find("target") : nullptr;
  return target != nullptr ? std::string(target->string()) : std::string();
}

// A log without segments holds nothing.
Status search(CryptoContext& crypto, const audit::LogFolder& folder, const audit::SearchQuery& query,
              const audit::OnFound& on_found) {
  const auto searched = audit::search_log(crypto, folder, query, on_found);
  if (!searched && searched.error().code != ErrorCode::kNotFound) return fail(searched.error());
  return {};
}

}  // namespace

// From the log and not from a table of the store: who makes a backup reads the store and never writes it.
Result<Engine::KnownBackups> Engine::backups_since(CryptoContext& crypto, Timestamp since) const {
  KnownBackups known;
  audit::SearchQuery query;
  query.newest_first = false;
  TRY(search(crypto, parts_.log.folder(), query, [&](const audit::FoundEventView& first) -> Result<bool> {
    known.log_begins = parse_date(first.event.time);
    return false;
  }));
  query.terms.push_back({audit::TermKind::kOperation, "BackUpStore"});
  query.from = to_iso8601_micros(since);
  JsonDocument document;
  TRY(search(crypto, parts_.log.folder(), query, [&](const audit::FoundEventView& found) -> Result<bool> {
    const auto when = parse_date(found.event.time);
    TRY_ASSIGN(std::string target, target_of(document, found.line));
    if (when) known.backups.push_back({*when, std::move(target)});
    return true;
  }));
  return known;
}

}  // namespace kagimori
