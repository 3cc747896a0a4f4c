#pragma once

#include <stdio.h>
#include <string.h>

#include <bit>
#include <fstream>
#include <string>

#include "base/secret.h"

// What the tests that look for left-over keys share.
namespace kagimori::residue {

// How often `needle` (which itself lies in the secret pages) lies in writable memory outside the secret pages.
inline int copies_outside(const SecretBytes& needle) {
  const SecretMemoryStatus pages = secret_memory_status();
  std::ifstream maps("/proc/self/maps");
  std::string line;
  int found = 0;
  while (std::getline(maps, line)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char mode[5] = {};
    if (sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) != 3 || strncmp(mode, "rw", 2) != 0) continue;
    if (begin < pages.end && pages.begin < end) continue;
    const char* at = std::bit_cast<const char*>(begin);
    const char* const stop = std::bit_cast<const char*>(end);
    while ((at = static_cast<const char*>(
                memmem(at, static_cast<std::size_t>(stop - at), needle.expose().data(), needle.size()))) != nullptr) {
      ++found;
      ++at;
    }
  }
  return found;
}

// The dynamic linker keeps the vector registers on the stack while it binds a function of a library at its first call,
// and a needle has just gone through them when the first search begins: so the first one is for nothing.
inline void warm_up() { copies_outside(SecretBytes::copy_of(as_bytes("a needle that is no secret at all"))); }

}  // namespace kagimori::residue
