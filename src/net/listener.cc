#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

namespace kagimori {
namespace {

constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

tl::unexpected<Error> refused(const std::string& where, const char* advice) {
  const int error = errno;
  return fail(ErrorCode::kIo,
              "Can't listen on " + where + ": " + strerror(error) + (error == EADDRINUSE ? advice : "."));
}

struct TcpAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

TcpAddress tcp_address(const IpAddress& ip, bool v4, std::uint16_t port) {
  TcpAddress result;
  if (v4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    memcpy(&address.sin_addr, &ip.bytes()[12], 4);
    memcpy(&result.storage, &address, result.size = sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    memcpy(&address.sin6_addr, ip.bytes().data(), 16);
    memcpy(&result.storage, &address, result.size = sizeof address);
  }
  return result;
}

// A bound socket; empty with errno set if the system refuses.
UniqueFd bind_tcp(const TcpAddress& address, bool share_port) {
  UniqueFd fd(socket(address.storage.ss_family, kSocketType, 0));
  if (!fd) return {};
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // what it accepts inherits this
  if (address.storage.ss_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (share_port) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) return {};
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  sockaddr_in6 address{};  // the port stands at the same place in sockaddr_in
  memcpy(&address, &storage, sizeof address);
  return ntohs(address.sin6_port);
}

// A socket file that nobody answers behind is left over from a server that was killed.
bool is_left_over(const sockaddr_un& address) {
  struct stat status{};
  if (lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const UniqueFd probe(socket(AF_UNIX, kSocketType, 0));
  return probe && connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(const ListenerConfig& config, std::size_t workers) {
  std::unique_ptr<Listener> result(new Listener);
  result->index_ = config.index;
  result->tls_ = config.tls;
  for (const std::string& text : config.allowed_networks) {
    TRY_ASSIGN(const IpNetwork network, IpNetwork::parse(text));
    result->allowed_.push_back(network);
  }
  if (config.unix_path.empty()) {
    TRY(result->open_tcp(config, workers));
  } else if (!config.host.empty() || !config.allowed_networks.empty()) {
    return fail(ErrorCode::kBadConfiguration, "A listener on a Unix socket has neither a host nor client networks.");
  } else {
    TRY(result->open_unix(config.unix_path, config.unix_mode, workers));
  }
  return result;
}

Listener::~Listener() {
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
}

bool Listener::allows(const IpAddress& address) const {
  return allowed_.empty() ||
         std::any_of(allowed_.begin(), allowed_.end(), [&](const IpNetwork& n) { return n.contains(address); });
}

Status Listener::open_tcp(const ListenerConfig& config, std::size_t workers) {
  TRY_ASSIGN(const IpAddress ip, IpAddress::parse(config.host));
  const bool v4 = config.host.find(':') == std::string::npos;
  const std::string host = v4 ? config.host : "[" + config.host + "]";
  // With SO_REUSEPORT a second server of the same user could share the port unseen, so an exclusive socket goes first.
  UniqueFd probe = bind_tcp(tcp_address(ip, v4, config.port), false);
  const std::string wanted = host + ":" + std::to_string(config.port);
  constexpr const char* kInUse = "; another program listens there, stop it or choose another port.";
  if (!probe) return refused(wanted, kInUse);
  port_ = bound_port(probe.get());
  probe.reset();
  text_ = host + ":" + std::to_string(port_);
  for (std::size_t i = 0; i < workers; ++i) {
    UniqueFd fd = bind_tcp(tcp_address(ip, v4, port_), true);
    if (!fd || listen(fd.get(), SOMAXCONN) != 0) return refused(text_, kInUse);
    sockets_.push_back(std::move(fd));
  }
  return {};
}

Status Listener::open_unix(const std::string& path, mode_t mode, std::size_t workers) {
  text_ = "unix:" + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kBadConfiguration, "The path of the Unix socket " + path + " is longer than 107 bytes.");
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (is_left_over(address)) unlink(path.c_str());
  UniqueFd fd(socket(AF_UNIX, kSocketType, 0));
  // The file takes the socket's own mode, so it is never open to more than it shall be, not even before chmod.
  if (!fd || fchmod(fd.get(), 0600) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return refused(text_, "; another server listens there, or the file is no socket: remove it.");
  }
  unix_path_ = path;
  if (chmod(path.c_str(), mode) != 0) return refused(text_, ".");
  if (listen(fd.get(), SOMAXCONN) != 0) return refused(text_, ".");
  for (std::size_t i = 0; i + 1 < workers; ++i) {
    sockets_.emplace_back(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!sockets_.back()) return refused(text_, ".");
  }
  sockets_.push_back(std::move(fd));
  return {};
}

}  // namespace kagimori
