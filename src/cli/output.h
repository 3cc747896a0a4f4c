#pragma once

#include "base/result.h"

namespace kagimori::cli {

// Standard output, which may be a full disk, a closed pipe, or not there at all. A one-time secret that does not arrive
// is lost, so no command may end with exit code 0 before all that it printed has been written.

// Before anything is opened. Whether there is a standard output; /dev/null takes the place of each standard descriptor
// that is closed.
bool keep_standard_descriptors();

// Prints all of it now; kIo, with the reason, when it can't be written.
Status print(const std::string& text);
// For what is to be shown this once: as print(), and the text is overwritten.
Status print_secret(std::string& text);
// What was printed by other means: kIo when any of it could not be written. Each loss is told once.
Status flush_output();

// Room for every text that holds a secret, so that growing leaves no copy of it behind.
inline constexpr std::size_t kSecretText = 4'096;

}  // namespace kagimori::cli
