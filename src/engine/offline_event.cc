#include "engine/offline_event.h"

#include "audit/event.h"
#include "base/log.h"

namespace kagimori {
namespace {

std::vector<std::pair<std::string_view, std::string>> as_json(const OfflineEventMembers& members) {
  std::vector<std::pair<std::string_view, std::string>> json;
  for (const auto& [name, text] : members) append_json_string(json.emplace_back(name, std::string()).second, text);
  return json;
}

}  // namespace

Bytes offline_event(RandomSource& random, Timestamp now, std::string_view name, std::string_view account,
                    const OfflineEventMembers& request, const OfflineEventMembers& response) {
  const std::string event_id = make_uuid(random);
  audit::Event event;
  event.time = now;
  event.event_id = event_id;
  event.source = "kagimori";
  event.name = name;
  event.account = account;
  event.user = {"Service", "kagimori", "", "", "", ""};
  event.source_address = "kagimori";
  event.request_parameters = as_json(request);
  event.response_elements = as_json(response);
  event.service_event = true;
  std::string line;
  audit::append_json_line(line, event);
  return to_bytes(as_bytes(line));
}

}  // namespace kagimori
