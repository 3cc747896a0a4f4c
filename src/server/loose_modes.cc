#include "server/loose_modes.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "server/data_folder.h"

namespace kagimori {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode : 0;
}

}  // namespace

std::vector<std::string> loose_modes(const Config& config) {
  const DataFolder folder{config.server.data_dir};
  const std::filesystem::path key_folder = config.seal.key_file.empty()
                                               ? config.config_home / "kagimori"
                                               : std::filesystem::path(config.seal.key_file).parent_path();
  std::vector<std::string> warnings;
  for (const auto& checked : {folder.path, folder.store_folder(), folder.tls_folder(), key_folder}) {
    const mode_t mode = mode_of(checked);
    if ((mode & (S_IWGRP | S_IWOTH)) == 0 || (mode & S_ISVTX) != 0) continue;
    warnings.push_back(fmt::format(
        "Others may write to the folder {} (mode {:04o}), and so replace what lies in it. Run: chmod go-w {}",
        checked.string(), mode & 07777, checked.string()));
  }
  // Group access is how some systems hand keys out; the rest of the world never needs one.
  const mode_t key_mode = mode_of(config.tls.private_key);
  if ((key_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    warnings.push_back(fmt::format("Others may read or change the TLS key {} (mode {:04o}). Run: chmod 600 {}",
                                   config.tls.private_key, key_mode & 07777, config.tls.private_key));
  }
  return warnings;
}

}  // namespace kagimori
