#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "engine/bootstrap.h"
#include "server/certificates.h"
#include "server/config.h"
#include "server/config_page.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "store/sqlite_store.h"

namespace kagimori::cli {
namespace {

constexpr std::uint16_t kDefaultPort = 8443;
constexpr std::string_view kDefaultRegion = "us-east-1";
// The first account. Any 12 digits would do; `Kagimori.CreateAccount` makes others.
constexpr std::string_view kFirstAccount = "100000000001";

std::string environment_file(const Config& config, const DataFolder& folder, const BootstrapCredentials& admin) {
  const ListenerOptions& listener = config.listeners.front();
  const std::string host = listener.where.is_loopback() ? "localhost" : listener.where.host;
  const std::string url = fmt::format("http{}://{}:{}", listener.tls ? "s" : "", host, listener.where.port);
  return fmt::format(
      "# Source this file to talk to the Kagimori server of this folder as its administrator.\n"
      "export AWS_ENDPOINT_URL={0}\n"
      "export AWS_ENDPOINT_URL_KMS={0}\n"
      "export AWS_CA_BUNDLE='{1}'\n"
      "export AWS_DEFAULT_REGION={2}\n"
      "export AWS_REGION={2}\n"
      "export AWS_ACCESS_KEY_ID={3}\n"
      "export AWS_SECRET_ACCESS_KEY={4}\n",
      url, folder.ca_certificate().string(), config.engine.region, admin.access_key_id,
      as_text(admin.secret_access_key.expose()));
}

Status write_configuration(const InitOptions& options, const DataFolder& folder) {
  if (std::filesystem::exists(folder.config())) {
    if (options.port || options.region) {
      std::printf("%s exists and is kept; --port and --region count for new folders only.\n", folder.config().c_str());
    }
    return {};
  }
  return write_private_file(
      folder.config(),
      starter_configuration(options.port.value_or(kDefaultPort), options.region.value_or(std::string(kDefaultRegion))));
}

// The administrator of a store that has its root key, and what a person must know.
Status finish_store(OpenedStore made, const Config& config, const DataFolder& folder) {
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
      "  administrator %s (credentials in %s)\n",
      folder.path.c_str(), key_file.c_str(), admin.arn.c_str(), folder.env().c_str());
  return {};
}

// Nobody has seen anything of a store without a root key.
Result<bool> has_root(const DataFolder& folder) {
  SqliteOptions options;
  options.path = folder.store();
  TRY_ASSIGN(const auto store, open_sqlite_store(options));
  const auto meta = read_store_meta(*store);
  if (meta || meta.error().code != ErrorCode::kNotFound) return true;  // serving it will say what is wrong, if anything
  return false;
}

Status make_store(const Config& config, const DataFolder& folder) {
  TRY_ASSIGN(OpenedStore made, create_store(config));
  return finish_store(std::move(made), config, folder);
}

// An init that was cut short is finished here. Whole stores have their env file, unless somebody removed it.
Status complete_store(const Config& config, const DataFolder& folder) {
  if (std::filesystem::exists(folder.env())) return {};
  TRY_ASSIGN(const bool rooted, has_root(folder));
  if (!rooted) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(folder.store().string() + suffix);
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

}  // namespace

Status init(const InitOptions& options) {
  const DataFolder folder{std::filesystem::absolute(options.data).lexically_normal()};
  TRY(make_private_folder(folder.path));
  TRY(write_configuration(options, folder));
  TRY_ASSIGN(const Config config, load_config(folder.config(), environment_of(environ)));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY(ensure_certificates(*crypto, SystemClock().now(), folder));
  if (std::filesystem::exists(folder.store())) return complete_store(config, folder);
  return make_store(config, folder);
}

}  // namespace kagimori::cli
