#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/secret.h"

namespace kagimori {

// Small files that hold secrets: mode 0600, owned by the user that runs the process, never reached through a symbolic
// link, replaced as a whole and durably. Not for two writers at once.

// The whole file. kNotFound when there is none; kBadConfiguration when it is not safe (readable by others, owned by
// somebody else, no regular file, larger than 64 KiB); kIo. Each sentence names the file and what to do.
Result<SecretBytes> read_secret_file(const std::filesystem::path& file);

// Makes the file. kAlreadyExists if something has that name; kIo. On disk when it returns.
Status create_secret_file(const std::filesystem::path& file, const SecretBytes& content);
// Replaces the file, which must exist; then overwrites the bytes of the old one. A crash leaves the old file or the new
// one under its name, and maybe remains beside it (clear_secret_remains).
Status replace_secret_file(const std::filesystem::path& file, const SecretBytes& content);
// Overwrites and removes what a crash within one of the two above left behind.
Status clear_secret_remains(const std::filesystem::path& file);

}  // namespace kagimori
