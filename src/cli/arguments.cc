#include "cli/arguments.h"

namespace kagimori::cli {

CLI::App* add(CLI::App* parent, Arguments& arguments, const std::string& name, const std::string& what,
              std::function<Status()> run) {
  CLI::App* const command = parent->add_subcommand(name, what);
  command->callback([&arguments, run = std::move(run)] { arguments.command = run; });
  return command;
}

CLI::App* add_group(CLI::App* parent, const std::string& name, const std::string& what) {
  CLI::App* const group = parent->add_subcommand(name, what);
  group->require_subcommand(1);
  return group;
}

std::string refuse_empty_path(const std::string& path) { return path.empty() ? "The path is empty." : ""; }

}  // namespace kagimori::cli
