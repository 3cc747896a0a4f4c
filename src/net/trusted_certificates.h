#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The certificates, in PEM, of `ca_file` and of the system's authorities in one text, for connections that the server
// makes; empty without a file: libcurl's own way to the system's will do. kBadConfiguration names `option`.
Result<std::string> trusted_certificates(const std::string& ca_file, std::string_view option);

}  // namespace kagimori
