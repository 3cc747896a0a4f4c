#pragma once

namespace kagimori::cli {

// Reads the arguments of the process, runs the command that they name, prints its error if it has one, and returns the
// exit code: 0 done, 1 refused or failed, 2 wrong use.
int run_command_line(int argc, char** argv);

}  // namespace kagimori::cli
