#include "server/hardening.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

namespace kagimori {
namespace {

// The filter can't be taken off again, so each case runs in a process of its own and tells by its exit.
enum Exit : int { kAsExpected = 0, kNoFilter = 1, kOther = 2 };

[[noreturn]] void filtered(const std::function<bool()>& as_expected) {
  if (!harden_process() || !enter_seccomp()) _exit(kNoFilter);
  _exit(as_expected() ? kAsExpected : kOther);
}

TEST(SeccompDeathTest, WhatOnlyAnIntruderWouldCallEndsTheProcess) {
  EXPECT_EXIT(filtered([] { return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == 0; }),
              testing::KilledBySignal(SIGSYS), "");
  EXPECT_EXIT(filtered([] {
                char path[] = "/bin/true";
                char* const arguments[] = {path, nullptr};
                return execve(path, arguments, nullptr) == 0;
              }),
              testing::KilledBySignal(SIGSYS), "");
}

TEST(SeccompDeathTest, WhatIsNotAllowedIsRefused) {
  EXPECT_EXIT(filtered([] { return syscall(SYS_personality, 0xffffffff) == -1 && errno == EPERM; }),
              testing::ExitedWithCode(kAsExpected), "");
  EXPECT_EXIT(filtered([] { return syscall(SYS_setuid, 0) == -1 && errno == EPERM; }),
              testing::ExitedWithCode(kAsExpected), "");
}

TEST(SeccompDeathTest, WhatAServerDoesIsAllowed) {
  EXPECT_EXIT(filtered([] {
                const int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
                return file >= 0 && write(file, "x", 1) == 1 && close(file) == 0;
              }),
              testing::ExitedWithCode(kAsExpected), "");
}

}  // namespace
}  // namespace kagimori
