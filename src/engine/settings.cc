#include "engine/settings.h"

#include <algorithm>

namespace kagimori {

bool EngineSettings::serves(std::string_view name) const {
  return name == region || std::find(regions.begin(), regions.end(), name) != regions.end();
}

std::vector<std::string> EngineSettings::all_regions() const {
  std::vector<std::string> all = {region};
  for (const std::string& name : regions) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  return all;
}

}  // namespace kagimori
