#include "net/plain_stream.h"

#include <errno.h>
#include <sys/socket.h>

namespace kagimori {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

IoResult PlainStream::read(std::span<std::uint8_t> room) {
  const ssize_t size = recv(fd_, room.data(), room.size(), 0);
  if (size > 0) return {IoStatus::kOk, static_cast<std::size_t>(size)};
  if (size == 0) return {IoStatus::kEnd, 0};
  return {would_block() ? IoStatus::kWantRead : IoStatus::kFailed, 0};
}

IoResult PlainStream::write(ByteView bytes) {
  const ssize_t size = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size >= 0) return {IoStatus::kOk, static_cast<std::size_t>(size)};
  return {would_block() ? IoStatus::kWantWrite : IoStatus::kFailed, 0};
}

void PlainStream::finish_writing() { shutdown(fd_, SHUT_WR); }

}  // namespace kagimori
