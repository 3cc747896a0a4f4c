#include "server/config_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <type_traits>

#include "base/edit_distance.h"

namespace kagimori {
namespace {

using enum OptionType;

// The slot at the end of a path of members: slot<&Config::engine, &EngineSettings::quotas, &Quotas::tags_per_key>.
template <auto... Members>
constexpr auto slot = +[](Config& config) -> auto& { return (config.*....*Members); };
template <auto Member>
constexpr auto listener_slot = +[](ListenerOptions& listener) -> auto& { return listener.*Member; };
template <auto Member>
constexpr auto cluster_slot = +[](HsmClusterConfig& cluster) -> auto& { return cluster.*Member; };
template <auto Member>
constexpr auto sink_slot = +[](AuditSinkConfig& sink) -> auto& { return sink.*Member; };

constexpr std::int64_t kKib = 1 << 10;
constexpr std::int64_t kMib = 1 << 20;
constexpr std::int64_t kGib = 1 << 30;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMaxRate = 10'000'000;

// Names and descriptions are what a person reads; keep each to a line of the page that is made of them.
constexpr Option<Config> kOptions[] = {
    {"server.data_dir",
     kPath,
     slot<&Config::server, &ServerOptions::data_dir>,
     "The folder of the store, its certificates and its audit log.",
     0,
     0,
     {},
     "the configuration file's folder"},
    {"server.workers", kCount, slot<&Config::server, &ServerOptions::workers>,
     "Threads that serve connections; 0: one a core.", 0, 1024},
    {"server.pool_threads", kCount, slot<&Config::engine, &EngineSettings::pool_threads>,
     "Threads for what takes long or may block.", 1, 1024},
    {"server.pool_queue", kCount, slot<&Config::engine, &EngineSettings::pool_queue>,
     "Jobs that may wait for the pool; beyond that requests are answered with a throttling error.", 1, 1'000'000},
    {"server.test_mode", kBool, slot<&Config::server, &ServerOptions::test_mode>,
     "For tests only: the lifecycle clock may jump and faults may be injected. The server says so loudly."},
    {"account.region", kText, slot<&Config::engine, &EngineSettings::region>,
     "The home region: what clients sign for, and where their keys are.", 1, 32},
    {"account.regions", kList, slot<&Config::engine, &EngineSettings::regions>,
     "Further regions that this server answers for; each has keys and aliases of its own."},

    {"tls.certificate",
     kPath,
     slot<&Config::tls, &TlsOptions::certificate>,
     "The server's certificate chain, PEM, leaf first.",
     0,
     0,
     {},
     "`tls/server.pem` in data_dir"},
    {"tls.private_key",
     kPath,
     slot<&Config::tls, &TlsOptions::private_key>,
     "Its private key, PEM.",
     0,
     0,
     {},
     "`tls/server.key` in data_dir"},

    {"limits.header_bytes", kBytes, slot<&Config::limits, &NetLimits::max_head_bytes>,
     "Request line and headers together.", kKib, kMib},
    {"limits.header_count", kCount, slot<&Config::limits, &NetLimits::max_headers>, "Headers of a request.", 10, 128},
    {"limits.body_bytes", kBytes, slot<&Config::limits, &NetLimits::max_body_bytes>, "Body of a request.", 64 * kKib,
     64 * kMib},
    {"limits.buffered_bytes", kBytes, slot<&Config::limits, &NetLimits::max_buffered_bytes>,
     "Large requests in memory, all workers together.", kMib, 64 * kGib},
    {"limits.connections", kCount, slot<&Config::limits, &NetLimits::max_connections>,
     "Open connections, all workers together.", 1, 1'000'000},
    {"limits.connections_per_source", kCount, slot<&Config::limits, &NetLimits::max_connections_per_source>,
     "Open connections of one IPv4 address or IPv6 /64.", 1, 1'000'000},
    {"limits.requests_per_second_per_source", kCount, slot<&Config::limits, &NetLimits::requests_per_second_per_source>,
     "Sustained rate of one source.", 1, 100'000'000},
    {"limits.request_burst_per_source", kCount, slot<&Config::limits, &NetLimits::request_burst_per_source>,
     "Requests of one source that may come at once.", 1, 100'000'000},
    {"limits.idle_seconds", kSeconds, slot<&Config::limits, &NetLimits::idle_timeout>,
     "How long a connection may rest between requests.", 1, kDay},
    {"limits.handshake_seconds", kSeconds, slot<&Config::limits, &NetLimits::tls_handshake_timeout>,
     "From accepting a connection to the end of the TLS handshake.", 1, 600},
    {"limits.request_seconds", kSeconds, slot<&Config::limits, &NetLimits::request_timeout>,
     "From a request's first byte to its last.", 1, 600},
    {"limits.response_seconds", kSeconds, slot<&Config::limits, &NetLimits::send_timeout>,
     "For the client to take an answer.", 1, 600},

    {"cache.entries", kCount, slot<&Config::engine, &EngineSettings::cache_entries>,
     "Keys, aliases, identities and grants that each worker keeps ready.", 100, 10'000'000},

    {"memory.secret_bytes", kBytes, slot<&Config::memory, &MemoryOptions::secret_bytes>,
     "The pages that plaintext key material may lie in.", kMib, 4 * kGib},
    {"memory.require_locked", kBool, slot<&Config::memory, &MemoryOptions::require_locked>,
     "Refuse to start where those pages can't be locked in memory; false: warn."},

    {"hardening.seccomp", kBool, slot<&Config::hardening, &HardeningOptions::seccomp>,
     "Filter the system calls after start-up."},

    {"log.level", kChoice, slot<&Config::log, &LogOptions::level>, "The least severe that is logged.", 0, 0,
     "debug|info|warning|error"},
    {"log.requests", kBool, slot<&Config::engine, &EngineSettings::log_requests>, "Log a line for each request."},

    {"audit.folder",
     kPath,
     slot<&Config::audit, &AuditOptions::folder>,
     "The folder of the audit log: its segments, one JSON object a line, with their tree and checkpoints.",
     0,
     0,
     {},
     "`audit` in data_dir"},
    {"audit.segment_bytes", kBytes, slot<&Config::audit, &AuditOptions::segment_bytes>,
     "A segment of the audit log of that size is followed by a new one.", 4096, std::int64_t{1} << 30},
    {"audit.retention_days", kCount, slot<&Config::audit, &AuditOptions::retention_days>,
     "A segment of the audit log whose events are all older is removed; 0: none is.", 0, 36'500},
    {"audit.durability", kChoice, slot<&Config::audit, &AuditOptions::durability>,
     "When an event counts as recorded: handed to the kernel (write) or on disk (fsync).", 0, 0, "write|fsync"},

    {"seal.key_file",
     kPath,
     slot<&Config::seal, &SealOptions::key_file>,
     "The file that opens the root key; never inside the data folder.",
     0,
     0,
     {},
     "`kagimori/STORE-ID.key` in $XDG_CONFIG_HOME or ~/.config"},
    {"seal.epoch_max_age_seconds", kSeconds, slot<&Config::seal, &SealOptions::epoch_max_age_seconds>,
     "Age at which an account's keyring gets a new epoch.", 60, 3650 * kDay},
    {"seal.epoch_max_uses", kCount, slot<&Config::seal, &SealOptions::epoch_max_uses>,
     "Uses after which it does so earlier.", 100, std::int64_t{1} << 31},

    {"sigv4.allow_presigned", kBool, slot<&Config::engine, &EngineSettings::allow_presigned>,
     "Accept signatures in the query string."},
    {"xks.ca_file",
     kPath,
     slot<&Config::xks, &XksOptions::ca_file>,
     "Certificates of authorities, PEM, that external key store proxies may have besides the system's.",
     0,
     0,
     {},
     "none"},
    {"xks.connect_to", kList, slot<&Config::xks, &XksOptions::connect_to>,
     "Where proxies really are: `HOST:PORT:ADDRESS:PORT` sends what is for the first to the second."},
    {"xks.threads", kCount, slot<&Config::engine, &EngineSettings::xks_threads>,
     "Threads that wait for external key store proxies and HSMs.", 1, 1024},
    {"lifecycle.sweep_interval_seconds", kSeconds, slot<&Config::engine, &EngineSettings::sweep_interval_seconds>,
     "How often due rotations and deletions are looked for.", 1, kDay},

    {"alarms.recent_use_days", kCount, slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::recent_use_days>,
     "A key that was used within so many days is disabled, or its deletion scheduled.", 0, 3650},
    {"alarms.deletion_days", kCount, slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::deletion_days>,
     "A key is destroyed within so many days; 0: no such alarm, here and below.", 0, 365},
    {"alarms.expiry_days", kCount, slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::expiry_days>,
     "Imported key material expires within so many days.", 0, 365},
    {"alarms.rotation_days", kCount, slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::rotation_days>,
     "A key rotates within so many days.", 0, 365},
    {"alarms.first_use", kBool, slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::first_use>,
     "A principal uses a key for the first time that others have used before."},
    {"alarms.denied_per_minute", kCount,
     slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::denied_per_minute>,
     "A principal is denied so many requests in a minute.", 0, 1'000'000},
    {"alarms.checkpoint_late_seconds", kCount,
     slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::checkpoint_late_seconds>,
     "Events have waited so long for a checkpoint of the audit log.", 0, 86'400},
    {"alarms.disk_free_percent", kCount,
     slot<&Config::engine, &EngineSettings::alarms, &AlarmSettings::disk_free_percent>,
     "The file system of the store or of the audit log has less than that free.", 0, 100},

    {"attestation.trust_roots",
     kPath,
     slot<&Config::attestation, &AttestationOptions::trust_roots>,
     "Certificates, PEM, whose attestation documents are believed in Recipient; none: Recipient is refused.",
     0,
     0,
     {},
     "none"},
    {"attestation.max_age_seconds", kSeconds,
     slot<&Config::engine, &EngineSettings::attestation, &AttestationSettings::max_age_seconds>,
     "How old an attestation document may be.", 1, kDay},

    {"throttling.cryptographic", kCount,
     slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::cryptographic>,
     "Encrypt, Decrypt, ReEncrypt, GenerateDataKey, MACs and random bytes (AWS: 10000 to 100000).", 0, kMaxRate},
    {"throttling.asymmetric", kCount, slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::asymmetric>,
     "Sign, Verify, DeriveSharedSecret, Encapsulate, Decapsulate (AWS: 1000 for each kind of key).", 0, kMaxRate},
    {"throttling.data_key_pairs", kCount,
     slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::data_key_pairs>,
     "GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext (AWS: 1 to 100).", 0, kMaxRate},
    {"throttling.reads", kCount, slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::reads>,
     "KMS operations that only tell (AWS: 100 to 2000 each).", 0, kMaxRate},
    {"throttling.changes", kCount, slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::changes>,
     "KMS operations that change something (AWS: 5 to 50 each).", 0, kMaxRate},
    {"throttling.administration", kCount,
     slot<&Config::engine, &EngineSettings::request_rates, &RequestRates::administration>,
     "IAM, STS and the operations of Kagimori's own.", 0, kMaxRate},

    {"quotas.keys_per_account", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::keys_per_account>,
     "Keys of an account, all states.", 1, 100'000'000},
    {"quotas.aliases_per_key", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::aliases_per_key>,
     "Aliases of a key.", 1, 10'000},
    {"quotas.tags_per_key", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::tags_per_key>,
     "Tags of a key.", 1, 10'000},
    {"quotas.grants_per_key", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::grants_per_key>,
     "Grants of a key.", 1, 1'000'000},
    {"quotas.policy_bytes", kBytes, slot<&Config::engine, &EngineSettings::quotas, &Quotas::policy_bytes>,
     "A key policy.", kKib, 256 * kKib},
    {"quotas.on_demand_rotations", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::on_demand_rotations>,
     "Rotations on demand in the life of a key.", 0, 10'000},
    {"quotas.custom_key_stores", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::custom_key_stores>,
     "Custom key stores of an account in a region.", 1, 1'000},
    {"quotas.users_per_account", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::users_per_account>,
     "Users of an account.", 1, 10'000'000},
    {"quotas.access_keys_per_user", kCount,
     slot<&Config::engine, &EngineSettings::quotas, &Quotas::access_keys_per_user>, "Access keys of a user.", 1, 100},
    {"quotas.user_policy_bytes", kBytes, slot<&Config::engine, &EngineSettings::quotas, &Quotas::user_policy_bytes>,
     "All inline policies of a user together.", kKib, 256 * kKib},
    {"quotas.role_policy_bytes", kBytes, slot<&Config::engine, &EngineSettings::quotas, &Quotas::role_policy_bytes>,
     "All inline policies of a role together.", kKib, 256 * kKib},
    {"quotas.group_policy_bytes", kBytes, slot<&Config::engine, &EngineSettings::quotas, &Quotas::group_policy_bytes>,
     "All inline policies of a group together.", kKib, 256 * kKib},
    {"quotas.roles_per_account", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::roles_per_account>,
     "Roles of an account.", 1, 10'000'000},
    {"quotas.groups_per_account", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::groups_per_account>,
     "Groups of an account.", 1, 10'000'000},
    {"quotas.groups_per_user", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::groups_per_user>,
     "Groups that a user may be in.", 1, 100},
    {"quotas.policies_per_account", kCount,
     slot<&Config::engine, &EngineSettings::quotas, &Quotas::policies_per_account>, "Managed policies of an account.",
     1, 10'000'000},
    {"quotas.policies_per_principal", kCount,
     slot<&Config::engine, &EngineSettings::quotas, &Quotas::policies_per_principal>,
     "Managed policies attached to a user, role or group.", 1, 100},
    {"quotas.versions_per_policy", kCount, slot<&Config::engine, &EngineSettings::quotas, &Quotas::versions_per_policy>,
     "Versions of a managed policy.", 1, 100},
    {"quotas.managed_policy_bytes", kBytes,
     slot<&Config::engine, &EngineSettings::quotas, &Quotas::managed_policy_bytes>, "A managed policy.", kKib,
     256 * kKib},
    {"quotas.trust_policy_bytes", kBytes, slot<&Config::engine, &EngineSettings::quotas, &Quotas::trust_policy_bytes>,
     "The trust policy of a role.", kKib, 128 * kKib},
};

constexpr Option<ListenerOptions> kListenerOptions[] = {
    {"address", kText, listener_slot<&ListenerOptions::address>,
     "Numeric address and port (`127.0.0.1:8443`, `[::1]:8443`) or a Unix socket (`unix:/run/kagimori.sock`).", 1, 200},
    {"tls", kBool, listener_slot<&ListenerOptions::tls>,
     "TLS 1.2 and 1.3; false only on a loopback address or a Unix socket."},
    {"allow", kList, listener_slot<&ListenerOptions::allow>,
     "Networks that clients may come from, such as `10.0.0.0/8`; empty: all."},
    {"socket_mode", kChoice, listener_slot<&ListenerOptions::socket_mode>,
     "Who may open a Unix socket: the server's user, its group too, or every user of the machine.", 0, 0,
     "0600|0660|0666", "`\"0600\"`, with a Unix socket"},
    {"planes", kList, listener_slot<&ListenerOptions::planes>,
     "What it serves: `data` (cryptographic operations), `management` (the rest); or `metrics` alone."},
};

constexpr Option<HsmClusterConfig> kHsmClusterOptions[] = {
    {"id", kText, cluster_slot<&HsmClusterConfig::id>, "CloudHsmClusterId: `cluster-` and 11 to 16 of a-z, A-Z, 2-7.",
     19, 24},
    {"module", kPath, cluster_slot<&HsmClusterConfig::module>, "The HSM's PKCS #11 module, a shared library."},
    {"token_label", kText, cluster_slot<&HsmClusterConfig::token_label>, "The label of the token.", 1, 32},
    {"user", kText, cluster_slot<&HsmClusterConfig::user>,
     "Who logs in, where the PIN is `user:password` (AWS CloudHSM: `kmsuser`); empty: it is the password alone.", 0,
     64},
    {"trust_anchor", kPath, cluster_slot<&HsmClusterConfig::trust_anchor>,
     "The cluster's certificate, PEM: the TrustAnchorCertificate of CreateCustomKeyStore."},
    {"environment", kList, cluster_slot<&HsmClusterConfig::environment>,
     "`NAME=value`, all that the module's processes have of an environment."},
    {"sessions", kCount, cluster_slot<&HsmClusterConfig::sessions>,
     "Sessions that may be open at once, each in a process of its own.", 1, 256},
    {"seconds", kSeconds, cluster_slot<&HsmClusterConfig::limit>,
     "How long an operation may take; a login and the making of a key have five times as long.", 1, 60},
};

constexpr Option<AuditSinkConfig> kAuditSinkOptions[] = {
    {"name", kText, sink_slot<&AuditSinkConfig::name>, "How it is called in logs and metrics: a-z, 0-9 and -.", 1, 32},
    {"type", kChoice, sink_slot<&AuditSinkConfig::type>, "What it is.", 0, 0, "file|syslog|webhook"},
    {"path", kPath, sink_slot<&AuditSinkConfig::path>, "Of type file: where lines of JSON are appended."},
    {"address", kText, sink_slot<&AuditSinkConfig::address>, "Of type syslog: the server, HOST:PORT.", 0, 300},
    {"tls", kBool, sink_slot<&AuditSinkConfig::tls>, "Of type syslog: over TLS (RFC 5425); false: over TCP alone."},
    {"url", kText, sink_slot<&AuditSinkConfig::url>, "Of type webhook: where events are POSTed, https.", 0, 2000},
    {"authorization_file", kPath, sink_slot<&AuditSinkConfig::authorization_file>,
     "Of type webhook: a file with what the header Authorization says."},
    {"ca_file", kPath, sink_slot<&AuditSinkConfig::ca_file>,
     "The authority of the server's certificate, PEM, besides the system's."},
    {"events", kChoice, sink_slot<&AuditSinkConfig::events>,
     "All, only changes and alarms (no uses of keys, no reads), or only alarms.", 0, 0, "all|changes|alarms"},
    {"most_behind", kCount, sink_slot<&AuditSinkConfig::most_behind>,
     "A sink that is more events behind is moved on; an event says which it lacks.", 1'000, 1'000'000'000'000},
};

template <typename Owner>
tl::unexpected<Error> refuse(const Option<Owner>&, const Setting& setting, std::string_view why) {
  return fail(ErrorCode::kBadConfiguration, fmt::format("{}: {} {}", setting.origin, setting.name, why));
}

Status check_choice(std::string_view choices, std::string_view word) {
  std::string_view rest = choices;
  while (!rest.empty()) {
    const auto bar = rest.find('|');
    if (rest.substr(0, bar) == word) return {};
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  std::string words(choices);
  for (auto bar = words.find('|'); bar != std::string::npos; bar = words.find('|', bar)) words.replace(bar, 1, ", ");
  return fail(ErrorCode::kBadConfiguration, fmt::format("must be one of {}; it is \"{}\".", words, word));
}

template <typename Owner>
Result<std::int64_t> number_of(const Option<Owner>& option, const SettingValue& value) {
  const auto convert = option.type == kBytes ? to_byte_count : option.type == kSeconds ? to_seconds : to_count;
  TRY_ASSIGN(const std::int64_t number, convert(value));
  if (number >= option.min && number <= option.max) return number;
  return fail(ErrorCode::kBadConfiguration,
              fmt::format("must be from {} to {}; it is {}.", format_quantity(option.min, option.type),
                          format_quantity(option.max, option.type), number));
}

template <typename Owner>
Result<std::string> text_of(const Option<Owner>& option, const SettingValue& value) {
  TRY_ASSIGN(std::string text, to_text(value));
  if (option.type == kChoice) TRY(check_choice(option.choices, text));
  if (option.type == kPath && text.empty()) {
    return fail(ErrorCode::kBadConfiguration, "must not be empty; leave the option out for its default.");
  }
  const auto size = static_cast<std::int64_t>(text.size());
  if (option.type == kText && (size < option.min || size > option.max)) {
    return fail(ErrorCode::kBadConfiguration,
                fmt::format("must have {} to {} characters; it has {}.", option.min, option.max, size));
  }
  return text;
}

template <typename Owner>
Status store_value(const Option<Owner>& option, const SettingValue& value, Owner& owner) {
  return std::visit(
      [&](auto slot_of) -> Status {
        auto& target = slot_of(owner);
        using Target = std::remove_reference_t<decltype(target)>;
        if constexpr (std::is_same_v<Target, bool>) {
          TRY_ASSIGN(target, to_bool(value));
        } else if constexpr (std::is_same_v<Target, std::string>) {
          TRY_ASSIGN(target, text_of(option, value));
        } else if constexpr (std::is_same_v<Target, std::vector<std::string>>) {
          TRY_ASSIGN(target, to_list(value));
        } else if constexpr (std::is_same_v<Target, std::chrono::milliseconds>) {
          TRY_ASSIGN(const std::int64_t seconds, number_of(option, value));
          target = std::chrono::seconds(seconds);
        } else {
          TRY_ASSIGN(const std::int64_t number, number_of(option, value));
          target = static_cast<Target>(number);
        }
        return {};
      },
      option.slot);
}

template <typename Owner>
std::string written(const Option<Owner>& option, Owner& owner) {
  const auto number = [&](std::int64_t value) {
    const std::string text = format_quantity(value, option.type);
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return plain ? text : fmt::format("\"{}\"", text);
  };
  return std::visit(
      [&](auto slot_of) -> std::string {
        auto& target = slot_of(owner);
        using Target = std::remove_reference_t<decltype(target)>;
        if constexpr (std::is_same_v<Target, bool>) {
          return target ? "true" : "false";
        } else if constexpr (std::is_same_v<Target, std::string>) {
          return fmt::format("\"{}\"", target);
        } else if constexpr (std::is_same_v<Target, std::vector<std::string>>) {
          return target.empty() ? "[]" : fmt::format("[\"{}\"]", fmt::join(target, "\", \""));
        } else if constexpr (std::is_same_v<Target, std::chrono::milliseconds>) {
          return number(std::chrono::duration_cast<std::chrono::seconds>(target).count());
        } else {
          return number(static_cast<std::int64_t>(target));
        }
      },
      option.slot);
}

template <typename Owner>
Status store_or_refuse(const Option<Owner>& option, const Setting& setting, Owner& owner) {
  if (auto stored = store_value(option, setting.value, owner); !stored) {
    return refuse(option, setting, stored.error().message);
  }
  return {};
}

}  // namespace

std::span<const Option<Config>> config_options() { return kOptions; }
OptionList<ListenerOptions> listener_list() { return {"listeners", kListenerOptions, &Config::listeners}; }
OptionList<AuditSinkConfig> audit_sink_list() { return {"audit_sinks", kAuditSinkOptions, &Config::audit_sinks}; }
OptionList<HsmClusterConfig> hsm_cluster_list() { return {"hsm_clusters", kHsmClusterOptions, &Config::hsm_clusters}; }

std::string environment_name(std::string_view option) {
  std::string name = "KAGIMORI_";
  for (const char c : option) name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Status apply_option(const Option<Config>& option, const Setting& setting, Config& config) {
  return store_or_refuse(option, setting, config);
}
Status apply_option(const Option<ListenerOptions>& option, const Setting& setting, ListenerOptions& listener) {
  return store_or_refuse(option, setting, listener);
}
Status apply_option(const Option<HsmClusterConfig>& option, const Setting& setting, HsmClusterConfig& cluster) {
  return store_or_refuse(option, setting, cluster);
}
Status apply_option(const Option<AuditSinkConfig>& option, const Setting& setting, AuditSinkConfig& sink) {
  return store_or_refuse(option, setting, sink);
}

std::string written_value(const Option<Config>& option, Config& config) { return written(option, config); }
std::string written_value(const Option<ListenerOptions>& option, ListenerOptions& listener) {
  return written(option, listener);
}
std::string written_value(const Option<HsmClusterConfig>& option, HsmClusterConfig& cluster) {
  return written(option, cluster);
}
std::string written_value(const Option<AuditSinkConfig>& option, AuditSinkConfig& sink) {
  return written(option, sink);
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  std::string best;
  if (name.empty()) return best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    std::size_t distance = edit_distance(name, candidate);
    // Somebody may have left out the section.
    const auto dot = name.find('.') == std::string_view::npos ? candidate.rfind('.') : std::string::npos;
    if (dot != std::string::npos) distance = std::min(distance, edit_distance(name, candidate.substr(dot + 1)));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace kagimori
