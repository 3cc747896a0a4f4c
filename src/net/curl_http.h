#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/outgoing_http.h"
#include "base/result.h"

namespace kagimori {

struct CurlHttpOptions {
  std::string ca_file;    // trusted besides the system's certificate authorities; empty: none
  std::string ca_option;  // that names it, for errors
  // "HOST:PORT:ADDRESS:PORT": requests for HOST:PORT go to ADDRESS:PORT, under the name HOST all the same.
  std::vector<std::string> connect_to = {};
};

// OutgoingHttp over libcurl: TLS 1.2 or newer, the server's name and certificate verified, HTTP/1.1 or 2, kept
// connections. kBadConfiguration when libcurl or the CA certificates can't be used.
Result<std::unique_ptr<OutgoingHttp>> make_curl_http(const CurlHttpOptions& options);

}  // namespace kagimori
