#pragma once

#include <filesystem>
#include <string>

#include "hsm/hsm_options.h"

namespace kagimori {

// SoftHSM 2 with a token of its own in a folder that goes with the object. is_installed() says whether it is there.
class SoftHsm {
 public:
  static bool is_installed();

  SoftHsm();
  ~SoftHsm();
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;

  HsmClusterOptions cluster() const;
  const std::filesystem::path& folder() const { return folder_; }
  static constexpr std::string_view kPassword = "correct horse";

 private:
  std::filesystem::path folder_;
};

}  // namespace kagimori
