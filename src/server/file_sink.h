#pragma once

#include <filesystem>
#include <memory>

#include "audit/sink.h"

namespace kagimori {

// Appends events to a file as lines of JSON. The file is made with mode 0600 where it is missing, also when it was
// moved away (logrotate) since the last delivery.
std::unique_ptr<audit::Sink> make_file_sink(std::filesystem::path file);

}  // namespace kagimori
