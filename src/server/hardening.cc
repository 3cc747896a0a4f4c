#include "server/hardening.h"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

namespace kagimori {
namespace {

tl::unexpected<Error> refused(std::string_view what, int error) {
  return fail(ErrorCode::kIo, fmt::format("The kernel refused to {}: {}.", what, std::strerror(error)));
}

// What a running server does: sockets, epoll, files of its own, memory, threads, time, randomness.
constexpr std::array kAllowed = {"accept4",
                                 "access",
                                 "bind",
                                 "brk",
                                 "clock_getres",
                                 "clock_gettime",
                                 "clock_nanosleep",
                                 "clone",
                                 "clone3",
                                 "close",
                                 "connect",
                                 "dup",
                                 "epoll_create1",
                                 "epoll_ctl",
                                 "epoll_pwait",
                                 "epoll_wait",
                                 "eventfd2",
                                 "exit",
                                 "exit_group",
                                 "faccessat",
                                 "faccessat2",
                                 "fallocate",
                                 "fchmod",
                                 "fchown",
                                 "fcntl",
                                 "fdatasync",
                                 "flock",
                                 "fstat",
                                 "fstatfs",
                                 "fsync",
                                 "ftruncate",
                                 "futex",
                                 "getcpu",
                                 "getcwd",
                                 "getdents64",
                                 "getegid",
                                 "geteuid",
                                 "getgid",
                                 "getpeername",
                                 "getpid",
                                 "getppid",
                                 "getrandom",
                                 "getrusage",
                                 "getsockname",
                                 "getsockopt",
                                 "gettid",
                                 "gettimeofday",
                                 "getuid",
                                 "ioctl",
                                 "kill",
                                 "listen",
                                 "lseek",
                                 "lstat",
                                 "madvise",
                                 "membarrier",
                                 "mkdir",
                                 "mkdirat",
                                 "mlock",
                                 "mlock2",
                                 "mmap",
                                 "mprotect",
                                 "mremap",
                                 "msync",
                                 "munlock",
                                 "munmap",
                                 "nanosleep",
                                 "newfstatat",
                                 "open",
                                 "openat",
                                 "pipe2",
                                 "poll",
                                 "ppoll",
                                 "prctl",
                                 "pread64",
                                 "preadv",
                                 "prlimit64",
                                 "pwrite64",
                                 "pwritev",
                                 "read",
                                 "readlink",
                                 "readlinkat",
                                 "readv",
                                 "recvfrom",
                                 "recvmmsg",
                                 "recvmsg",
                                 "rename",
                                 "renameat",
                                 "renameat2",
                                 "restart_syscall",
                                 "rmdir",
                                 "rseq",
                                 "rt_sigaction",
                                 "rt_sigprocmask",
                                 "rt_sigreturn",
                                 "rt_sigtimedwait",
                                 "sched_getaffinity",
                                 "sched_yield",
                                 "sendfile",
                                 "sendmmsg",
                                 "sendmsg",
                                 "sendto",
                                 "set_robust_list",
                                 "setsockopt",
                                 "shutdown",
                                 "sigaltstack",
                                 "socket",
                                 "socketpair",
                                 "stat",
                                 "statfs",
                                 "statx",
                                 "syncfs",
                                 "sysinfo",
                                 "tgkill",
                                 "timerfd_create",
                                 "timerfd_settime",
                                 "umask",
                                 "uname",
                                 "unlink",
                                 "unlinkat",
                                 "utimensat",
                                 "wait4",
                                 "write",
                                 "writev"};

// Calls that only someone who has broken in would make. The rest of what is not allowed answers EPERM, so that a
// library's harmless attempt does not take the service down.
constexpr std::array kFatal = {"execve",
                               "execveat",
                               "ptrace",
                               "process_vm_readv",
                               "process_vm_writev",
                               "unshare",
                               "setns",
                               "mount",
                               "umount2",
                               "pivot_root",
                               "chroot",
                               "init_module",
                               "finit_module",
                               "delete_module",
                               "kexec_load",
                               "bpf",
                               "perf_event_open",
                               "userfaultfd",
                               "io_uring_setup",
                               "add_key",
                               "keyctl",
                               "request_key",
                               "swapon",
                               "reboot"};

Status add_rules(scmp_filter_ctx filter, std::uint32_t action, std::span<const char* const> names) {
  for (const char* const name : names) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;  // unknown to this release of libseccomp, so not needed either
    const int error = seccomp_rule_add(filter, action, number, 0);
    if (error != 0) return refused(std::string("add a system call filter for ") + name, -error);
  }
  return {};
}

}  // namespace

Status harden_process() {
  umask(0077);
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return refused("switch off core dumps", errno);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("make the process undumpable", errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("give up gaining privileges", errno);
  return {};
}

std::string raise_open_file_limit(std::size_t connections) {
  constexpr std::size_t kOwnFiles = 128;  // the store's, listeners, logs
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return {};
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
  if (files.rlim_max >= connections + kOwnFiles) return {};
  return fmt::format(
      "The process may have {} open files, too few for limits.connections = {}. Raise the limit (ulimit -Hn, "
      "LimitNOFILE), or lower limits.connections and limits.connections_per_source.",
      files.rlim_max, connections);
}

Status enter_seccomp() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
  if (filter == nullptr) return refused("make a system call filter", ENOMEM);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  TRY(add_rules(filter.get(), SCMP_ACT_ALLOW, kAllowed));
  TRY(add_rules(filter.get(), SCMP_ACT_KILL_PROCESS, kFatal));
  const int error = seccomp_load(filter.get());
  if (error != 0) return refused("load the system call filter (switch it off with hardening.seccomp = false)", -error);
  return {};
}

}  // namespace kagimori
