#include "cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/secret.h"

namespace kagimori::cli {
namespace {

// `reason` is an errno, or 0 when it is not known any more.
Status output_lost(int reason) {
  std::clearerr(stdout);
  return fail(ErrorCode::kIo,
              fmt::format("The output could not be written{}. What the command did stands; but a secret that it was to "
                          "show is lost: make another access key.",
                          reason == 0 ? "" : fmt::format(" ({})", std::strerror(reason))));
}

}  // namespace

bool keep_standard_descriptors() {
  bool has_output = true;
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    if (descriptor == STDOUT_FILENO) has_output = false;
    // Else the next file that is opened gets this number, and what is printed or logged is written into it.
    if (open("/dev/null", O_RDWR) != descriptor) std::_Exit(EXIT_FAILURE);
  }
  return has_output;
}

Status print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? Status() : output_lost(errno);
}

Status print_secret(std::string& text) {
  const Status printed = print(text);
  secure_wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return printed;
}

Status flush_output() {
  if (std::fflush(stdout) != 0) return output_lost(errno);
  return std::ferror(stdout) == 0 ? Status() : output_lost(0);
}

}  // namespace kagimori::cli
