#pragma once

#include <cstddef>
#include <string_view>

namespace kagimori {

// Levenshtein distance: how many bytes must be put in, taken out or replaced to make one text of the other. For
// guessing what somebody meant to write.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace kagimori
