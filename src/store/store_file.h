#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// What the store does with its files outside SQLite.

// kIo or kStorageFull: "The file PATH can't be <done>: <reason of the system>."
Error file_error(std::string_view done, const std::filesystem::path& path, int system_error);

// Whether there is something of that name, a dangling link too. What can't be looked at counts as absent: who goes on
// to use it is told why it can't be.
bool is_there(const std::filesystem::path& path);
// The path from the root; the path itself where the current folder is unknown.
std::filesystem::path absolute_path(const std::filesystem::path& path);
// Makes the folder and its parents with mode 0700; nothing if it is there.
Status make_private_folder(const std::filesystem::path& folder);
// Makes an empty file that only its owner may read and write, whatever the umask. kAlreadyExists.
Status create_private_file(const std::filesystem::path& path);
// Takes the rights of everybody but the owner from an existing file.
Status make_private(const std::filesystem::path& path);
Status sync_file(const std::filesystem::path& path);
// Makes the names in the file's folder durable.
Status sync_folder_of(const std::filesystem::path& path);
// Gives a finished file its final name, durably. kAlreadyExists when the name is taken.
Status publish_file(const std::filesystem::path& from, const std::filesystem::path& to);

// Looks at the first bytes and the size before SQLite does, so that the sentence says what is wrong: kNotFound,
// kCorrupt (empty, truncated, not a database, a database of another program), kIo.
Status inspect_store_file(const std::filesystem::path& path);

}  // namespace kagimori
