#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>

#include "model/validation.h"
#include "server/config_file.h"
#include "server/config_option.h"
#include "server/loose_modes.h"

namespace kagimori {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVariablePrefix = "KAGIMORI_";
constexpr std::size_t kMaxEntries = 64;  // of a list

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadConfiguration, std::move(message)); }

// "listeners.2.tls" -> 2 and "tls", for the list "listeners"
struct EntryName {
  std::size_t number;
  std::string_view option;
};
std::optional<EntryName> entry_name(std::string_view list, std::string_view name) {
  if (!name.starts_with(list) || name.substr(list.size(), 1) != ".") return std::nullopt;
  name.remove_prefix(list.size() + 1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const auto digits = static_cast<std::size_t>(end - name.data());
  if (error != std::errc() || digits >= name.size() || name[digits] != '.') return std::nullopt;
  return EntryName{number, name.substr(digits + 1)};
}
// The number of the entry that a setting is of; 0 for one of no list.
std::size_t entry_number(std::string_view name) {
  std::size_t number = 0;
  for_each_list([&](const auto& list) {
    if (const auto entry = entry_name(list.name, name)) number = entry->number;
  });
  return number;
}

template <typename Owner>
const Option<Owner>* find_option(std::span<const Option<Owner>> options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const auto& row) { return row.name == name; });
  return found == options.end() ? nullptr : &*found;
}

std::string suggestion(const std::string& nearest) {
  return nearest.empty() ? "docs/configuration.md lists all of them." : fmt::format("did you mean {}?", nearest);
}

// Every option's full name; in lists with the number that the wrong name had.
std::vector<std::string> option_names(std::size_t entry_number) {
  std::vector<std::string> names;
  for (const auto& option : config_options()) names.emplace_back(option.name);
  for_each_list([&](const auto& list) {
    for (const auto& option : list.options) {
      names.push_back(fmt::format("{}.{}.{}", list.name, entry_number, option.name));
    }
  });
  return names;
}

tl::unexpected<Error> unknown_option(const Setting& setting) {
  const std::size_t number = entry_number(setting.name);
  return bad(fmt::format("{}: there is no option {}; {}", setting.origin, setting.name,
                         suggestion(nearest_name(setting.name, option_names(number == 0 ? 1 : number)))));
}

tl::unexpected<Error> unknown_variable(std::string_view variable) {
  std::vector<std::string> names;
  for (const std::string& option : option_names(1)) names.push_back(environment_name(option));
  return bad(fmt::format("{}: no option has this environment variable; {}", variable,
                         suggestion(nearest_name(variable, names))));
}

template <typename Owner>
Status apply_to_entry(const Setting& setting, const EntryName& name, const OptionList<Owner>& list, Config& config) {
  std::vector<Owner>& entries = config.*list.entries;
  const auto* option = find_option(list.options, name.option);
  if (option == nullptr) return unknown_option(setting);
  if (name.number == 0 || name.number > std::min(entries.size() + 1, kMaxEntries)) {
    return bad(fmt::format("{}: {} are numbered from 1 without a gap, up to {}; there are {} so far.", setting.origin,
                           list.name, kMaxEntries, entries.size()));
  }
  if (name.number > entries.size()) entries.emplace_back();
  return apply_option(*option, setting, entries[name.number - 1]);
}

Status apply(const Setting& setting, Config& config) {
  std::optional<Status> applied;
  for_each_list([&](const auto& list) {
    if (const auto entry = entry_name(list.name, setting.name)) applied = apply_to_entry(setting, *entry, list, config);
  });
  if (applied) return *std::move(applied);
  const auto* option = find_option(config_options(), setting.name);
  if (option == nullptr) return unknown_option(setting);
  return apply_option(*option, setting, config);
}

// KAGIMORI_LISTENERS_2_TLS -> listeners.2.tls
template <typename Owner>
std::optional<std::string> entry_option_of(std::string_view variable, const OptionList<Owner>& list) {
  const std::string prefix = environment_name(list.name) + "_";
  if (!variable.starts_with(prefix)) return std::nullopt;
  variable.remove_prefix(prefix.size());
  const auto bar = variable.find('_');
  if (bar == 0 || bar == std::string_view::npos) return std::nullopt;
  const std::string_view number = variable.substr(0, bar);
  if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  for (const auto& option : list.options) {
    if (environment_name(option.name).substr(kVariablePrefix.size()) == variable.substr(bar + 1)) {
      return fmt::format("{}.{}.{}", list.name, number, option.name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> option_of(std::string_view variable) {
  std::optional<std::string> found;
  for_each_list([&](const auto& list) {
    if (!found) found = entry_option_of(variable, list);
  });
  if (found) return found;
  for (const auto& option : config_options()) {
    if (environment_name(option.name) == variable) return std::string(option.name);
  }
  return std::nullopt;
}

Result<std::vector<Setting>> settings_of(const Environment& environment) {
  std::vector<Setting> settings;
  for (auto entry = environment.lower_bound(kVariablePrefix);
       entry != environment.end() && entry->first.starts_with(kVariablePrefix); ++entry) {
    const auto option = option_of(entry->first);
    if (!option) return unknown_variable(entry->first);
    settings.push_back({*option, entry->first, entry->second});
  }
  // The environment is sorted as text, where 10 comes before 2; entries are made in the order of their numbers.
  std::stable_sort(settings.begin(), settings.end(),
                   [](const Setting& a, const Setting& b) { return entry_number(a.name) < entry_number(b.name); });
  return settings;
}

fs::path config_home_of(const Environment& environment) {
  const auto value = [&](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
  };
  // The XDG Base Directory Specification: a relative path is invalid and is ignored.
  fs::path xdg = value("XDG_CONFIG_HOME");
  if (xdg.is_absolute()) return xdg;
  const fs::path home = value("HOME");
  return home.is_absolute() ? home / ".config" : fs::path{};
}

void finish_path(std::string& path, const fs::path& base, const fs::path& otherwise) {
  const fs::path chosen = path.empty() ? otherwise : fs::path(path);
  if (!chosen.empty()) path = (base / chosen).lexically_normal().string();
}

Status finish_paths(Config& config, const fs::path& file) {
  std::error_code error;
  const fs::path base = fs::absolute(file.empty() ? fs::path(".") : file, error).parent_path();
  if (error) return bad(fmt::format("cannot tell the current folder: {}.", error.message()));
  finish_path(config.server.data_dir, base, base);
  const fs::path data = config.server.data_dir;
  finish_path(config.tls.certificate, base, data / "tls" / "server.pem");
  finish_path(config.tls.private_key, base, data / "tls" / "server.key");
  finish_path(config.audit.folder, base, data / "audit");
  config.engine.alarms.folders = {data, config.audit.folder};
  finish_path(config.seal.key_file, base, {});
  finish_path(config.xks.ca_file, base, {});
  finish_path(config.attestation.trust_roots, base, {});
  for (HsmClusterConfig& cluster : config.hsm_clusters) {
    finish_path(cluster.module, base, {});
    finish_path(cluster.trust_anchor, base, {});
  }
  for (AuditSinkConfig& sink : config.audit_sinks) {
    finish_path(sink.path, base, {});
    finish_path(sink.authorization_file, base, {});
    finish_path(sink.ca_file, base, {});
  }
  return {};
}

// Links are followed where they exist: a key file must not get into the data folder through one either.
bool is_inside(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = fs::weakly_canonical(folder / ".", error);
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

Status check_key_file(const fs::path& file, const fs::path& data_dir) {
  if (!is_inside(file, data_dir)) return {};
  return bad(
      fmt::format("seal.key_file: {} lies in the data folder {}; who copies the folder would have the key with the "
                  "data. Keep it elsewhere, for example in ~/.config/kagimori.",
                  file.string(), data_dir.string()));
}

Status finish_listeners(Config& config) {
  if (config.listeners.empty()) config.listeners.emplace_back();
  std::set<std::string, std::less<>> seen;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    ListenerOptions& listener = config.listeners[i];
    if (auto finished = finish_listener(listener); !finished) {
      return bad(fmt::format("listeners.{}: {}", i + 1, finished.error().message));
    }
    if (listener.where.port != 0 || listener.where.is_unix()) {
      if (!seen.insert(listener.address).second) {
        return bad(
            fmt::format("listeners.{}: {} is the address of an earlier listener already.", i + 1, listener.address));
      }
    }
    if (!listener.tls && !listener.where.is_unix()) {
      config.warnings.push_back(fmt::format(
          "The listener {} speaks plain HTTP: every program on this machine can read what passes.", listener.address));
    }
  }
  return {};
}

Status check_regions(const EngineSettings& engine) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::all_of(engine.region.begin(), engine.region.end(), allowed)) {
    return bad(
        fmt::format("account.region: \"{}\" may hold only a-z, 0-9 and hyphens, as in us-east-1.", engine.region));
  }
  for (const std::string& name : engine.regions) {
    if (name.size() > member::kRegion.max_length || !matches_region(name)) {
      return bad(fmt::format("account.regions: \"{}\" is not the name of a region, as eu-central-1 is.", name));
    }
  }
  if (engine.all_regions().size() != engine.regions.size() + 1) {
    return bad("account.regions: name each region once, and the one of account.region not at all.");
  }
  return {};
}

// HOST:PORT:ADDRESS:PORT, as curl's --connect-to; the address may be one of IPv6 in brackets.
Status check_connect_to(const XksOptions& xks) {
  for (const std::string& line : xks.connect_to) {
    const auto host_end = line.find(':');
    const auto port_end = host_end == std::string::npos ? host_end : line.find(':', host_end + 1);
    const auto address_end = line.rfind(':');
    const bool parts = port_end != std::string::npos && host_end > 0 && address_end > port_end + 1;
    if (parts && address_end + 1 < line.size()) continue;
    return bad(
        fmt::format("xks.connect_to: \"{}\" is not HOST:PORT:ADDRESS:PORT, as proxy.example.com:443:10.0.0.7:8443 "
                    "is.",
                    line));
  }
  return {};
}

Status check_hsm_clusters(const Config& config) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config.hsm_clusters.size(); ++i) {
    const HsmClusterConfig& cluster = config.hsm_clusters[i];
    if (const auto checked = check_hsm_cluster(cluster); !checked) {
      return bad(fmt::format("hsm_clusters.{}: {}", i + 1, checked.error().message));
    }
    if (seen.insert(cluster.id).second) continue;
    return bad(fmt::format("hsm_clusters.{}: {} is the id of an earlier cluster already.", i + 1, cluster.id));
  }
  return {};
}

Status check_audit_sinks(Config& config) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config.audit_sinks.size(); ++i) {
    const AuditSinkConfig& sink = config.audit_sinks[i];
    if (const auto checked = check_audit_sink(sink); !checked) {
      return bad(fmt::format("audit_sinks.{}: {}", i + 1, checked.error().message));
    }
    if (!seen.insert(sink.name).second) {
      return bad(fmt::format("audit_sinks.{}: {} is the name of an earlier sink already.", i + 1, sink.name));
    }
    if (sink.type == "syslog" && !sink.tls) {
      config.warnings.push_back(fmt::format(
          "The audit sink {} sends events without TLS: whoever is on the way can read and change them.", sink.name));
    }
  }
  return {};
}

Status check_together(Config& config) {
  const NetLimits& limits = config.limits;
  if (limits.max_connections_per_source > limits.max_connections) {
    return bad(fmt::format("limits.connections_per_source ({}) must not exceed limits.connections ({}).",
                           limits.max_connections_per_source, limits.max_connections));
  }
  if (limits.max_body_bytes > limits.max_buffered_bytes) {
    return bad(fmt::format("limits.body_bytes ({}) must not exceed limits.buffered_bytes ({}).", limits.max_body_bytes,
                           limits.max_buffered_bytes));
  }
  TRY(check_regions(config.engine));
  TRY(check_connect_to(config.xks));
  TRY(check_hsm_clusters(config));
  TRY(check_audit_sinks(config));
  if (!config.seal.key_file.empty()) TRY(check_key_file(config.seal.key_file, config.server.data_dir));
  if (config.server.test_mode) {
    config.warnings.emplace_back(
        "TEST MODE (server.test_mode): the lifecycle clock may jump and faults may be injected. Never use this for "
        "keys "
        "that matter.");
  }
  if (!config.hardening.seccomp) config.warnings.emplace_back("The filter of system calls is off (hardening.seccomp).");
  return {};
}

}  // namespace

Environment environment_of(const char* const* entries) {
  Environment environment;
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    const std::string_view entry(*entries);
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos) environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

Result<Config> load_config(const fs::path& file, const Environment& environment) {
  Config config;
  if (!file.empty()) {
    TRY_ASSIGN(const auto settings, read_config_file(file));
    for (const Setting& setting : settings) TRY(apply(setting, config));
  }
  TRY_ASSIGN(const auto overrides, settings_of(environment));
  for (const Setting& setting : overrides) TRY(apply(setting, config));
  config.config_home = config_home_of(environment);
  TRY(finish_paths(config, file));
  TRY(finish_listeners(config));
  TRY(check_together(config));
  std::ranges::move(loose_modes(config), std::back_inserter(config.warnings));
  return config;
}

Result<fs::path> root_key_file(const Config& config, std::string_view store_id) {
  if (!config.seal.key_file.empty()) return fs::path(config.seal.key_file);
  if (config.config_home.empty()) {
    return bad("nothing says where the root key file is: set seal.key_file, or HOME or XDG_CONFIG_HOME.");
  }
  fs::path file = config.config_home / "kagimori" / fmt::format("{}.key", store_id);
  TRY(check_key_file(file, config.server.data_dir));
  return file;
}

}  // namespace kagimori
