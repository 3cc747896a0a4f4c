#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/config_value.h"

namespace kagimori {

// The settings of a TOML file, flat and in the file's order; [[listeners]] are numbered from 1. Nothing is known here
// of which options there are. kBadConfiguration: the file can't be read, is no TOML, or holds a value that no option
// can have.
Result<std::vector<Setting>> read_config_file(const std::filesystem::path& file);
// As above from text; `origin` names it in messages.
Result<std::vector<Setting>> parse_config_text(std::string_view text, std::string_view origin);

}  // namespace kagimori
