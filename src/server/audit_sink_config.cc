#include "server/audit_sink_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kagimori {
namespace {

constexpr std::size_t kMaxName = 32;

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadConfiguration, std::move(message)); }

// A file's name in the log's folder, too.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_host_and_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = address.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool has_port = error == std::errc() && end == port.data() + port.size() && number > 0;
  return has_port && address.find_first_of("/ @?#") == std::string_view::npos;
}

// An option that belongs to another type would be of no effect.
Status refuse_other(const AuditSinkConfig& sink, std::string_view type, std::string_view option,
                    const std::string& value) {
  if (sink.type == type || value.empty()) return {};
  return bad(fmt::format("{} is an option of type \"{}\", but the type of \"{}\" is \"{}\".", option, type, sink.name,
                         sink.type));
}

}  // namespace

Status check_audit_sink(const AuditSinkConfig& sink) {
  if (!is_name(sink.name)) {
    return bad(fmt::format("name \"{}\" must be 1 to {} of a-z, 0-9 and -.", sink.name, kMaxName));
  }
  if (sink.type.empty()) return bad("type must say what it is: \"file\", \"syslog\" or \"webhook\".");
  TRY(refuse_other(sink, "file", "path", sink.path));
  TRY(refuse_other(sink, "syslog", "address", sink.address));
  TRY(refuse_other(sink, "webhook", "url", sink.url));
  TRY(refuse_other(sink, "webhook", "authorization_file", sink.authorization_file));
  if (sink.type == "file" && sink.path.empty()) return bad("path must name the file.");
  if (sink.type == "syslog" && !is_host_and_port(sink.address)) {
    return bad(fmt::format("address must be HOST:PORT of the syslog server; it is \"{}\".", sink.address));
  }
  if (sink.type == "webhook" && !sink.url.starts_with("https://")) {
    return bad("url must begin with https://.");
  }
  return {};
}

}  // namespace kagimori
