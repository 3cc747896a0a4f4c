#include "crypto/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <cstdio>
#include <cstdlib>

namespace kagimori::openssl {

tl::unexpected<Error> failure(std::string_view what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  std::string message = fmt::format("OpenSSL could not {}: {}", what, reason != nullptr ? reason : "no reason given");
  ERR_clear_error();
  return fail(ErrorCode::kCrypto, std::move(message));
}

void forget_errors() { ERR_clear_error(); }

void stop_process(std::string_view why) {
  std::fprintf(stderr, "{\"level\":\"fatal\",\"message\":\"%.*s\"}\n", static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace kagimori::openssl
