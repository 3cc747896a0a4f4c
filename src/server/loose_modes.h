#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace kagimori {

// Sentences about files and folders of an installation that others than their owner can change, or read where they are
// secret. What is not there is not spoken of.
std::vector<std::string> loose_modes(const Config& config);

}  // namespace kagimori
