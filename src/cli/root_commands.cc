#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "engine/bootstrap.h"
#include "engine/offline_event.h"
#include "server/config.h"
#include "server/opened_store.h"

namespace kagimori::cli {

Status rotate_root_key(const std::filesystem::path& config_file) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(OpenedStore opened, open_store_and_envelope(config));
  const bool resumed = opened.meta.next_generation != 0 || opened.envelope->rotation_begun();
  const auto event = [&opened](std::uint32_t generation) {
    return offline_event(*opened.random, opened.clock->now(), "RotateRootKey", "", {{"storeId", opened.meta.store_id}},
                         {{"rootGeneration", std::to_string(generation)}});
  };
  TRY(rotate_root(*opened.crypto, opened.root_options(config), *opened.envelope, event));
  TRY_ASSIGN(const StoreMeta after, read_store_meta(*opened.store));
  TRY_ASSIGN(const std::filesystem::path key_file, root_key_file(config, after.store_id));
  std::printf(
      "%s the rotation of the root key of store %s: it is generation %u now.\n"
      "  key file      %s (changed)\n"
      "                Older copies of it are void: they do not open this store any more. Copy the file anew to\n"
      "                where you keep it, away from this machine. Keep an old copy only as long as you keep\n"
      "                backups of the store from before now: those still need it. Who has both can read what\n"
      "                was wrapped until the next epoch of the keyrings began (within a day).\n",
      resumed ? "Finished" : "Made", after.store_id.c_str(), after.root_generation, key_file.c_str());
  return {};
}

Status recover_root_user(const std::filesystem::path& config_file, const std::string& account) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  TRY_ASSIGN(const BootstrapCredentials made, recover_root_credentials(*opened.store, *opened.keyrings, *opened.crypto,
                                                                       *opened.random, *opened.clock, account));
  const std::string_view secret = as_text(made.secret_access_key.expose());
  std::printf(
      "%s has a new access key; those that it had before are gone.\n"
      "  AWS_ACCESS_KEY_ID=%s\n"
      "  AWS_SECRET_ACCESS_KEY=%.*s\n"
      "The secret is shown this once. An event of this is in the audit log when the server has started again.\n",
      made.arn.c_str(), made.access_key_id.c_str(), static_cast<int>(secret.size()), secret.data());
  return {};
}

}  // namespace kagimori::cli
