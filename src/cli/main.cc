#include <sys/stat.h>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  umask(0077);
  return kagimori::cli::run_command_line(argc, argv);
}
