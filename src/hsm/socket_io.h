#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/secret.h"

namespace kagimori {

// Whole messages (message.h) over a stream socket.

enum class SocketResult : std::uint8_t { kDone, kClosed, kTimedOut };

using SocketDeadline = std::chrono::steady_clock::time_point;
inline constexpr SocketDeadline kNoSocketDeadline = SocketDeadline::max();

SocketResult send_all(int fd, ByteView bytes, SocketDeadline deadline);
// The next message without its length. kClosed also for one that is larger than a message may be.
SocketResult receive_message(int fd, SecretBytes& message, SocketDeadline deadline);

}  // namespace kagimori
