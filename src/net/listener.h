#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "net/ip_address.h"
#include "net/net_config.h"

namespace kagimori {

// One configured listener, opened: a listening socket for each worker. TCP sockets share their port by SO_REUSEPORT;
// those of a Unix socket are one socket. Removes the Unix socket's file when it dies.
class Listener {
 public:
  // kBadConfiguration: address, path or network is wrong. kIo: the system refuses (address in use, no permission).
  static Result<std::unique_ptr<Listener>> open(const ListenerConfig& config, std::size_t workers);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  std::size_t index() const { return index_; }
  bool tls() const { return tls_; }
  bool is_unix() const { return !unix_path_.empty(); }
  std::uint16_t port() const { return port_; }
  const std::string& text() const { return text_; }
  bool allows(const IpAddress& address) const;
  // The worker's socket, which it then owns.
  UniqueFd take_socket(std::size_t worker) { return std::move(sockets_[worker]); }

 private:
  Listener() = default;
  Status open_tcp(const ListenerConfig& config, std::size_t workers);
  Status open_unix(const std::string& path, mode_t mode, std::size_t workers);

  std::size_t index_ = 0;
  bool tls_ = false;
  std::uint16_t port_ = 0;
  std::string text_;
  std::string unix_path_;
  std::vector<IpNetwork> allowed_;
  std::vector<UniqueFd> sockets_;
};

}  // namespace kagimori
