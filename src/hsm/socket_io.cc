#include "hsm/socket_io.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "hsm/message.h"

namespace kagimori {
namespace {

// Waits until the socket can do it; false when the deadline has passed.
bool wait_for(int fd, short event, SocketDeadline deadline) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  for (;;) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    const auto wait = std::min<std::chrono::steady_clock::duration>(left, kLongest);
    pollfd entry{fd, event, 0};
    // Rounded up, so that the last millisecond is not spent spinning.
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    if (poll(&entry, 1, static_cast<int>(ms)) > 0) return true;
  }
}

bool may_go_on() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

SocketResult receive_exactly(int fd, std::span<std::uint8_t> out, SocketDeadline deadline) {
  while (!out.empty()) {
    if (!wait_for(fd, POLLIN, deadline)) return SocketResult::kTimedOut;
    const ssize_t got = recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && !may_go_on())) return SocketResult::kClosed;
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
  return SocketResult::kDone;
}

}  // namespace

SocketResult send_all(int fd, ByteView bytes, SocketDeadline deadline) {
  while (!bytes.empty()) {
    if (!wait_for(fd, POLLOUT, deadline)) return SocketResult::kTimedOut;
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !may_go_on()) return SocketResult::kClosed;
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return SocketResult::kDone;
}

SocketResult receive_message(int fd, SecretBytes& message, SocketDeadline deadline) {
  std::array<std::uint8_t, kHsmLengthSize> length{};
  if (const auto got = receive_exactly(fd, length, deadline); got != SocketResult::kDone) return got;
  ByteReader in(length);
  const std::uint32_t size = *in.u32();
  if (size > kMaxHsmMessage) return SocketResult::kClosed;
  message = SecretBytes(size);
  return receive_exactly(fd, message.expose_mutable(), deadline);
}

}  // namespace kagimori
