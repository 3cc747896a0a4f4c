#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/config.h"
#include "server/config_value.h"

namespace kagimori {

// Where an option's value lies in its owner: Config, or one entry of a list ([[listeners]], [[hsm_clusters]],
// [[audit_sinks]]).
template <typename Owner>
using OptionSlot = std::variant<bool& (*)(Owner&), std::int64_t& (*)(Owner&), std::uint64_t& (*)(Owner&),
                                std::chrono::milliseconds& (*)(Owner&), std::string& (*)(Owner&),
                                std::vector<std::string>& (*)(Owner&)>;

// One row of the table that is the single source of what can be set: parsing, checks, messages, the environment's names
// and docs/configuration.md all come from it. Defaults are those of a default-constructed owner.
template <typename Owner>
struct Option {
  std::string_view name;  // "limits.body_bytes"; without section in a list
  OptionType type;
  OptionSlot<Owner> slot;
  std::string_view description;
  std::int64_t min = 0;                   // of numbers
  std::int64_t max = 0;                   // of numbers
  std::string_view choices = {};          // of kChoice: "write|fsync"
  std::string_view derived_default = {};  // in words, where the default is made from other options
};

std::span<const Option<Config>> config_options();

// The options of one list, whose entries are numbered from 1 ("listeners.2.tls").
template <typename Owner>
struct OptionList {
  std::string_view name;
  std::span<const Option<Owner>> options;
  std::vector<Owner> Config::* entries;
};
OptionList<ListenerOptions> listener_list();
OptionList<HsmClusterConfig> hsm_cluster_list();
OptionList<AuditSinkConfig> audit_sink_list();
// Calls `use` with each of the lists.
void for_each_list(auto use) {
  use(listener_list());
  use(hsm_cluster_list());
  use(audit_sink_list());
}

// "limits.body_bytes" -> "KAGIMORI_LIMITS_BODY_BYTES"
std::string environment_name(std::string_view option);

// Stores the setting's value into the option's slot. kBadConfiguration: type, unit or range is wrong; the sentence
// begins with the setting's origin and name.
Status apply_option(const Option<Config>& option, const Setting& setting, Config& config);
Status apply_option(const Option<ListenerOptions>& option, const Setting& setting, ListenerOptions& listener);
Status apply_option(const Option<HsmClusterConfig>& option, const Setting& setting, HsmClusterConfig& cluster);
Status apply_option(const Option<AuditSinkConfig>& option, const Setting& setting, AuditSinkConfig& sink);

// The value as it would be written in the file: "1 MiB" in quotes, 20, true, ["data", "management"].
std::string written_value(const Option<Config>& option, Config& config);
std::string written_value(const Option<ListenerOptions>& option, ListenerOptions& listener);
std::string written_value(const Option<HsmClusterConfig>& option, HsmClusterConfig& cluster);
std::string written_value(const Option<AuditSinkConfig>& option, AuditSinkConfig& sink);

// The candidate that is fewest single-letter changes away from `name`; empty if none is near.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace kagimori
