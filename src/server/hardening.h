#pragma once

#include "base/result.h"

namespace kagimori {

// What the process gives up before it touches a secret: core dumps, being traced or dumped by others of the same user,
// gaining privileges; and a umask that keeps every new file to its owner.
Status harden_process();

// From here on only the system calls that a running server needs are allowed, for all threads (seccomp, TSYNC): no
// exec, no new namespaces, no tracing, no kernel modules. A call outside the list ends the process. After start-up,
// since opening listeners and stores needs more.
Status enter_seccomp();

}  // namespace kagimori
