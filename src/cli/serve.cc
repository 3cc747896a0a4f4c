#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "net/tls_acceptor.h"
#include "server/attestation_roots.h"
#include "server/audit_sinks.h"
#include "server/certificates.h"
#include "server/config.h"
#include "server/data_folder.h"
#include "server/run_server.h"
#include "store/store_file.h"

namespace kagimori::cli {
namespace {

void print_ready(const Config& config, const ServerReady& ready) {
  const DataFolder folder{config.server.data_dir};
  std::string text = "Kagimori is ready.\n";
  for (const std::string& address : ready.addresses) text += fmt::format("  listening on {}\n", address);
  if (is_there(folder.env())) {
    text += fmt::format(
        "Try next:\n"
        "  . {}\n"
        "  aws kms create-key --description 'my first key'\n"
        "  aws kms list-keys\n",
        folder.env().string());
  } else {
    text += "Use the access keys that you have, with AWS_ENDPOINT_URL set to it.\n";
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

Status serve(const std::filesystem::path& config_file) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  return run_server(config, [&config](const ServerReady& ready) { print_ready(config, ready); });
}

Status check_config(const std::filesystem::path& config_file) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  const bool any_tls =
      std::any_of(config.listeners.begin(), config.listeners.end(), [](const auto& l) { return l.tls; });
  std::vector<std::string> warnings = config.warnings;
  for (const HsmClusterConfig& cluster : config.hsm_clusters) TRY(load_hsm_cluster(cluster));
  for (const AuditSinkConfig& sink : config.audit_sinks) TRY(make_audit_sink(sink));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY(load_attestation_roots(*crypto, config));
  if (any_tls) {
    TRY_ASSIGN(const TlsIdentity identity, load_tls_identity(config));
    TRY(TlsAcceptor::check(crypto->library(), identity));
    warnings.push_back(certificate_warning(*crypto, SystemClock().now(), config));
  }
  for (const std::string& warning : warnings) {
    if (!warning.empty()) std::printf("warning: %s\n", warning.c_str());
  }
  std::printf("%s is right: %zu listener%s, data in %s.\n", config_file.c_str(), config.listeners.size(),
              config.listeners.size() == 1 ? "" : "s", config.server.data_dir.c_str());
  return {};
}

}  // namespace kagimori::cli
