#include "hsm/session_host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "hsm/pkcs11_token.h"
#include "hsm/socket_io.h"

namespace kagimori {
namespace {

constexpr std::size_t kSecretMemory = std::size_t{1} << 20;  // bytes, of a session host
constexpr std::uint32_t kGraceMs = 200;  // the server gives up first and says so; then the module is broken off

tl::unexpected<Error> system_failure(std::string_view what) {
  return fail(ErrorCode::kIo, fmt::format("Cannot {}: {}.", what, std::strerror(errno)));
}

Status make_pair(int type, UniqueFd& ours, UniqueFd& theirs) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) return system_failure("make a pair of sockets");
  ours = UniqueFd(ends[0]);
  theirs = UniqueFd(ends[1]);
  return {};
}

// Ends with the parent, whatever becomes of that; has no file open but standard error and `fd`, which becomes 3.
int leave_everything(int fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  constexpr int kSocket = 3;
  if (fd != kSocket) dup2(fd, kSocket);
  close_range(kSocket + 1, ~0U, 0);
  return kSocket;
}

void set_alarm(std::uint32_t ms) {
  const itimerval timer{{0, 0}, {ms / 1000, static_cast<suseconds_t>(ms % 1000) * 1000}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// Until the server closes the socket, or the token is out of reach: then a new host starts from nothing.
void serve(Pkcs11Token& token, int socket) {
  for (;;) {
    SecretBytes message;
    if (receive_message(socket, message, kNoSocketDeadline) != SocketResult::kDone) return;
    const auto request = parse_hsm_request(message.expose());
    if (!request) return;
    set_alarm(request->limit_ms + kGraceMs);
    const HsmAnswer answer = token.perform(*request);
    set_alarm(0);
    const SecretBytes reply = write_hsm_answer(answer);
    if (send_all(socket, reply.expose(), kNoSocketDeadline) != SocketResult::kDone) return;
    if (answer.fault == HsmFault::kUnreachable) return;
  }
}

[[noreturn]] void run_session_host(const HsmClusterOptions& cluster, int socket) {
  prctl(PR_SET_NAME, "kagimori-hsm");
  std::signal(SIGCHLD, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  clearenv();
  for (const std::string& entry : cluster.environment) putenv(const_cast<char*>(entry.c_str()));
  init_secret_memory(kSecretMemory);
  const auto token = Pkcs11Token::load(cluster.module, cluster.token_label);
  if (!token) {
    LogLine(LogLevel::kError, "an HSM can't be used")
        .field("cluster", cluster.id)
        .field("reason", token.error().message);
    _exit(1);
  }
  serve(**token, socket);
  _exit(0);
}

// The index of the cluster that a session is ordered for, and its socket; none when the server has ended.
std::optional<std::uint32_t> receive_order(int orders, UniqueFd& session) {
  std::uint32_t cluster = 0;
  iovec content{&cluster, sizeof cluster};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = recvmsg(orders, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (got != sizeof cluster || header == nullptr || header->cmsg_type != SCM_RIGHTS) return std::nullopt;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  session = UniqueFd(fd);
  return cluster;
}

[[noreturn]] void run_session_starter(const std::vector<HsmClusterOptions>& clusters, int orders) {
  prctl(PR_SET_NAME, "kagimori-hsms");
  std::signal(SIGCHLD, SIG_IGN);  // so that nobody has to wait for the hosts
  // Whoever stops the server's group means the server, which finishes what is under way first.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  const pid_t self = getpid();
  for (;;) {
    UniqueFd session;
    const auto cluster = receive_order(orders, session);
    if (!cluster || *cluster >= clusters.size()) _exit(0);
    // When no process can be made, the session's socket closes, which the server takes for what it is.
    if (fork() == 0) run_session_host(clusters[*cluster], leave_everything(session.get(), self));
  }
}

}  // namespace

Result<UniqueFd> fork_session_starter(const std::vector<HsmClusterOptions>& clusters) {
  UniqueFd ours, theirs;
  TRY(make_pair(SOCK_SEQPACKET, ours, theirs));
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child < 0) return system_failure("start a process for the HSMs");
  if (child == 0) run_session_starter(clusters, leave_everything(theirs.get(), self));
  return ours;
}

Result<UniqueFd> order_session(int starter, std::size_t cluster) {
  UniqueFd ours, theirs;
  TRY(make_pair(SOCK_STREAM, ours, theirs));
  auto index = static_cast<std::uint32_t>(cluster);
  iovec content{&index, sizeof index};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = theirs.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t sent = 0;
  do {
    sent = sendmsg(starter, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent != sizeof index) return system_failure("order a session of an HSM");
  return ours;
}

}  // namespace kagimori
