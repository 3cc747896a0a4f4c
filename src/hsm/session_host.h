#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "hsm/hsm_options.h"

namespace kagimori {

// The processes that the code of PKCS #11 modules runs in, apart from the server: what a module does wrong costs a
// process, not the service or its memory.
//
// The server, once it runs, may start no process (hardening.h). So a small process is forked off before that; it forks
// again for each session that the server wants: a *session host*, which loads the module, takes requests from its
// socket one after the other and ends with the socket, or when the module takes longer than a request allows.

// Forks the process that starts session hosts; its end of the returned socket takes orders (order_session). Call it on
// the process's first thread, before there are others and before there are secrets.
Result<UniqueFd> fork_session_starter(const std::vector<HsmClusterOptions>& clusters);

// Orders a session host for the cluster of this index; requests go over the returned socket. kIo when nobody takes
// orders any more. Any thread.
Result<UniqueFd> order_session(int starter, std::size_t cluster);

}  // namespace kagimori
