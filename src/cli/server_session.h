#pragma once

#include <cstdio>
#include <string>

#include "cli/client_commands.h"
#include "client/connection.h"
#include "client/settings.h"

namespace kagimori::cli {

inline Result<std::unique_ptr<Connection>> connect(const ClientOptions& options) {
  TRY_ASSIGN(ClientSettings settings, client_settings(process_variables(), options.endpoint));
  return Connection::create(std::move(settings));
}

inline void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// For what is to be shown this once: as print(), and the text is overwritten.
inline void print_secret(std::string& text) {
  print(text);
  std::fflush(stdout);
  secure_wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}
// Room for every text that holds a secret, so that growing leaves no copy of it behind.
inline constexpr std::size_t kSecretText = 4'096;

}  // namespace kagimori::cli
