#include "hsm/softhsm_test.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cstdlib>
#include <fstream>

namespace kagimori {
namespace {

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";

}  // namespace

bool SoftHsm::is_installed() { return std::filesystem::exists(kModule); }

SoftHsm::SoftHsm() {
  std::string name = (std::filesystem::temp_directory_path() / "softhsm-XXXXXX").string();
  folder_ = mkdtemp(name.data());
  std::filesystem::create_directory(folder_ / "tokens");
  std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << (folder_ / "tokens").string() << "\n";
  const std::string command = fmt::format(
      "SOFTHSM2_CONF={}/softhsm2.conf softhsm2-util --init-token --free --label cellar --so-pin 12345678 --pin '{}' "
      ">/dev/null",
      folder_.string(), kPassword);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("softhsm2-util can't make a token");
}

SoftHsm::~SoftHsm() { std::filesystem::remove_all(folder_); }

HsmClusterOptions SoftHsm::cluster() const {
  HsmClusterOptions options;
  options.id = "cluster-abcdefghijk";
  options.module = kModule;
  options.token_label = "cellar";
  options.trust_anchor = to_bytes(as_bytes("certificate"));
  options.environment = {"SOFTHSM2_CONF=" + (folder_ / "softhsm2.conf").string()};
  options.limit = std::chrono::milliseconds{10'000};
  return options;
}

}  // namespace kagimori
