#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

int report(const kagimori::Status& status) {
  if (status) return kDone;
  std::fprintf(stderr, "kagimori: %s\n", status.error().message.c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  umask(0077);
  CLI::App app("Kagimori: a self-hosted key management service.");
  app.require_subcommand(1);

  kagimori::cli::InitOptions init_options;
  std::uint16_t port = 0;
  std::string region;
  CLI::App* const init = app.add_subcommand("init", "Make a store, its root key, certificates and an administrator");
  init->add_option("--data", init_options.data, "The data folder")->capture_default_str();
  CLI::Option* const port_option = init->add_option("--port", port, "The port of the listener (8443)");
  CLI::Option* const region_option =
      init->add_option("--region", region, "The region that requests are signed for (us-east-1)");

  std::filesystem::path config_file;
  CLI::App* const serve = app.add_subcommand("serve", "Run the server");
  serve->add_option("--config", config_file, "The configuration file")->required();
  CLI::App* const config = app.add_subcommand("config", "Look at a configuration");
  config->require_subcommand(1);
  CLI::App* const check = config->add_subcommand("check", "Say whether a configuration file is right");
  check->add_option("--config", config_file, "The configuration file")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kDone : kWrongUse;
  }
  if (*port_option) init_options.port = port;
  if (*region_option) init_options.region = region;
  if (*init) return report(kagimori::cli::init(init_options));
  if (*serve) return report(kagimori::cli::serve(config_file));
  return report(kagimori::cli::check_config(config_file));
}
