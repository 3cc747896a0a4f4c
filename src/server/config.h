#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/settings.h"
#include "net/net_config.h"
#include "server/audit_sink_config.h"
#include "server/hsm_cluster_config.h"
#include "server/listener_options.h"

namespace kagimori {

// Environment variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;
// Copies the process's own, as in `environ`.
Environment environment_of(const char* const* entries);

struct ServerOptions {
  std::string data_dir;  // absolute once loaded
  std::size_t workers = 0;
  bool test_mode = false;
};
struct TlsOptions {
  std::string certificate;  // absolute once loaded
  std::string private_key;
};
struct XksOptions {
  std::string ca_file;                  // absolute once loaded; empty: the system's authorities alone
  std::vector<std::string> connect_to;  // HOST:PORT:ADDRESS:PORT
};
struct AttestationOptions {
  std::string trust_roots;  // absolute once loaded; empty: no attestation is believed
};
struct MemoryOptions {
  std::size_t secret_bytes = std::size_t{4} << 20;
  bool require_locked = false;
};
struct HardeningOptions {
  bool seccomp = true;
};
struct LogOptions {
  std::string level = "info";
};
struct AuditOptions {
  std::string folder;  // absolute once loaded
  std::string durability = "write";
  std::uint64_t segment_bytes = std::uint64_t{32} << 20;
  std::int64_t retention_days = 0;  // for ever
};
struct SealOptions {
  std::string key_file;  // absolute once loaded; empty: root_key_file() tells
  std::int64_t epoch_max_age_seconds = 86'400;
  std::uint64_t epoch_max_uses = std::uint64_t{1} << 31;
};

// Everything an operator can set; a default-constructed one holds the defaults, but only load_config() fills in paths
// and listeners. Options are listed once, with their meaning and bounds, in config_option.cc. Immutable once loaded.
struct Config {
  ServerOptions server;
  XksOptions xks;
  AttestationOptions attestation;
  std::vector<ListenerOptions> listeners;
  std::vector<HsmClusterConfig> hsm_clusters;
  std::vector<AuditSinkConfig> audit_sinks;
  TlsOptions tls;
  NetLimits limits;
  EngineSettings engine;
  MemoryOptions memory;
  HardeningOptions hardening;
  LogOptions log;
  AuditOptions audit;
  SealOptions seal;

  // Sentences for the log at start: what is allowed but dangerous.
  std::vector<std::string> warnings;
  // The user's configuration folder ($XDG_CONFIG_HOME or ~/.config); empty if the environment names none.
  std::filesystem::path config_home;
};

// Reads the file (an empty path: none), lays KAGIMORI_<SECTION>_<OPTION> over it and checks everything. Relative paths
// count from the file's folder. kBadConfiguration: one sentence that names the option, where it was set, what is wrong
// and what to write instead. Unknown options and unknown KAGIMORI_* variables are errors.
Result<Config> load_config(const std::filesystem::path& file, const Environment& environment);

// Where the root key file of this store lies: seal.key_file, or <config_home>/kagimori/<store id>.key.
// kBadConfiguration when that would be inside the data folder, or nothing says where.
Result<std::filesystem::path> root_key_file(const Config& config, std::string_view store_id);

}  // namespace kagimori
