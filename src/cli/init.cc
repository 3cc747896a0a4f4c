#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "engine/bootstrap.h"
#include "server/audit_log.h"
#include "server/certificates.h"
#include "server/config.h"
#include "server/config_page.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "store/sqlite_store.h"
#include "store/store_file.h"

namespace kagimori::cli {
namespace {

constexpr std::uint16_t kDefaultPort = 8443;
constexpr std::string_view kDefaultRegion = "us-east-1";
// The first account. Any 12 digits would do; `Kagimori.CreateAccount` makes others.
constexpr std::string_view kFirstAccount = "100000000001";

// What a client on this machine reaches the first TCP listener by.
std::string endpoint(const Config& config) {
  const auto tcp =
      std::ranges::find_if(config.listeners, [](const ListenerOptions& listener) { return !listener.where.is_unix(); });
  // No AWS client can be told of a Unix socket; the operator gives the address of what stands before it.
  if (tcp == config.listeners.end()) return "https://localhost";
  const std::string& host = tcp->where.host;
  const bool local = tcp->where.is_loopback() || host == "0.0.0.0" || host == "::";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("http{}://{}:{}", tcp->tls ? "s" : "",
                     local     ? "localhost"
                     : is_ipv6 ? "[" + host + "]"
                               : host,
                     tcp->where.port);
}

// In single quotes, for the file that a shell sources.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += R"('\'')";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string environment_file(const Config& config, const DataFolder& folder, const BootstrapCredentials& admin) {
  const std::string url = endpoint(config);
  return fmt::format(
      "# Source this file to talk to the Kagimori server of this folder as its administrator.\n"
      "export AWS_ENDPOINT_URL={0}\n"
      "export AWS_ENDPOINT_URL_KMS={0}\n"
      "export AWS_CA_BUNDLE={1}\n"
      "export AWS_DEFAULT_REGION={2}\n"
      "export AWS_REGION={2}\n"
      "export AWS_ACCESS_KEY_ID={3}\n"
      "export AWS_SECRET_ACCESS_KEY={4}\n",
      url, shell_word(folder.ca_certificate().string()), config.engine.region, admin.access_key_id,
      as_text(admin.secret_access_key.expose()));
}

Result<Config> first_configuration(const InitOptions& options, const DataFolder& folder) {
  if (is_there(folder.config())) {
    if (options.port || options.region) {
      std::printf("%s exists and is kept; --port and --region count for new folders only.\n", folder.config().c_str());
    }
    return load_config(folder.config(), environment_of(environ));
  }
  TRY(write_private_file(folder.config(), starter_configuration(options.port.value_or(kDefaultPort),
                                                                options.region.value_or(std::string(kDefaultRegion)))));
  Result<Config> config = load_config(folder.config(), environment_of(environ));
  if (!config) unlink(folder.config().c_str());  // not to stand in the way of the next try
  return config;
}

// The administrator of a store that has its root key, and what a person must know.
Status finish_store(OpenedStore made, const Config& config, const DataFolder& folder) {
  TRY_ASSIGN(const std::string log_key, ensure_audit_log(config, made));
  TRY_ASSIGN(const BootstrapCredentials admin,
             bootstrap_operator_account(*made.store, *made.keyrings, *made.crypto, *made.random, *made.clock,
                                        kFirstAccount, "operator"));
  std::string env = environment_file(config, folder, admin);
  const Status written = write_private_file(folder.env(), env);
  secure_wipe({reinterpret_cast<std::uint8_t*>(env.data()), env.size()});
  TRY(written);
  TRY_ASSIGN(const std::filesystem::path key_file, root_key_file(config, made.meta.store_id));
  std::printf(
      "Made a new store in %s.\n"
      "  root key      %s\n"
      "                Without this file everything in the store is lost for ever: every key, and every\n"
      "                ciphertext made with it. Keep a copy of it away from this machine.\n"
      "  administrator %s (credentials in %s)\n"
      "  audit log     %s\n"
      "                The public key of the audit log. Keep it elsewhere too: with it anybody can check a copy\n"
      "                of the log (kagimori audit verify).\n",
      folder.path.c_str(), key_file.c_str(), admin.arn.c_str(), folder.env().c_str(), log_key.c_str());
  return {};
}

// Whether the database is what an init that was cut short left: nothing was ever committed to it, not even the root
// key. All else is somebody's store, however damaged.
Result<bool> is_unused(const DataFolder& folder) {
  if (is_there(folder.store_id())) return false;
  SqliteOptions options;
  options.path = folder.store();
  TRY_ASSIGN(const auto store, open_sqlite_store(options));
  TRY_ASSIGN(const auto view, store->read());
  return view->store_revision() == 0;
}

Status make_store(const Config& config, const DataFolder& folder) {
  TRY_ASSIGN(OpenedStore made, create_store(config));
  return finish_store(std::move(made), config, folder);
}

// An init that was cut short is finished here. Whole stores have their env file, unless somebody removed it.
Status complete_store(const Config& config, const DataFolder& folder) {
  if (is_there(folder.env())) return {};
  TRY_ASSIGN(const bool unused, is_unused(folder));
  if (unused) {
    for (const char* suffix : {"", "-wal", "-shm"}) unlink((folder.store().string() + suffix).c_str());
    return make_store(config, folder);
  }
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  Status finished = finish_store(std::move(opened), config, folder);
  if (finished || finished.error().code != ErrorCode::kAlreadyExists) return finished;
  std::printf(
      "The store in %s is there, but %s is not, and the secret in it can't be shown again. Keep using the\n"
      "access keys you have, or make one for the root user, with the server stopped:\n"
      "  kagimori recover root-credentials --config %s --account %s\n",
      folder.path.c_str(), folder.env().c_str(), folder.config().c_str(), std::string(kFirstAccount).c_str());
  return {};
}

// A folder that had a store is not the place for a new one: that would hide the loss, and take its credentials.
Status check_nothing_is_lost(const DataFolder& folder) {
  for (const auto& left : {folder.store_id(), folder.env(), std::filesystem::path(folder.store().string() + "-wal")}) {
    if (!is_there(left)) continue;
    return fail(ErrorCode::kCorrupt,
                fmt::format("The database {} is missing, but {} of its store is there. Put the database back, or "
                            "restore a backup with `kagimori restore --config {} --from BACKUP`. To begin anew "
                            "without it, use another folder, or move this one away.",
                            folder.store().string(), left.string(), folder.config().string()));
  }
  return {};
}

}  // namespace

Result<PreparedFolder> prepare_data_folder(const InitOptions& options) {
  const DataFolder folder{absolute_path(options.data).lexically_normal()};
  TRY(make_private_folder(folder.path));
  TRY_ASSIGN(Config config, first_configuration(options, folder));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const CertificatesMade made, ensure_certificates(*crypto, SystemClock().now(), folder));
  if (made.replaced_ca) {
    std::printf(
        "Made a new local CA, because the old one ends soon: clients must trust %s from now on.\n"
        "Send SIGHUP to a running server.\n",
        folder.ca_certificate().c_str());
  } else if (made.replaced_server) {
    std::printf("Renewed the server's certificate, which ended soon. Send SIGHUP to a running server.\n");
  }
  return PreparedFolder{folder, std::move(config)};
}

Status init(const InitOptions& options) {
  TRY_ASSIGN(const PreparedFolder prepared, prepare_data_folder(options));
  if (is_there(prepared.folder.store())) return complete_store(prepared.config, prepared.folder);
  TRY(check_nothing_is_lost(prepared.folder));
  return make_store(prepared.config, prepared.folder);
}

}  // namespace kagimori::cli
