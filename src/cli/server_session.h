#pragma once

#include "cli/client_commands.h"
#include "cli/output.h"
#include "client/connection.h"
#include "client/settings.h"

namespace kagimori::cli {

inline Result<std::unique_ptr<Connection>> connect(const ClientOptions& options) {
  TRY_ASSIGN(ClientSettings settings, client_settings(process_variables(), options.endpoint));
  return Connection::create(std::move(settings));
}

}  // namespace kagimori::cli
