#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace kagimori {

// What the process gives up before it touches a secret: core dumps, being traced or dumped by others of the same user,
// gaining privileges; and a umask that keeps every new file to its owner.
Status harden_process();

// Raises the limit of open files to what the process may have. A warning sentence when `connections` do not fit into
// it; empty otherwise.
std::string raise_open_file_limit(std::size_t connections);

// From here on only the system calls that a running server needs are allowed, for all threads (seccomp, TSYNC): no
// exec, no tracing, no kernel modules. Some calls that only a break-in would make end the
// process; every other call outside the list fails with EPERM. After start-up,
// since opening listeners and stores needs more.
Status enter_seccomp();

}  // namespace kagimori
