#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

struct FailureText {
  int reason;
  std::string_view sentence;
};
constexpr std::array<FailureText, 8> kFailures = {{
    {SSL_R_HTTP_REQUEST, "The client sent HTTP without TLS to a TLS port."},
    {SSL_R_WRONG_VERSION_NUMBER, "What the client sent is not TLS."},
    {SSL_R_UNSUPPORTED_PROTOCOL, "The client offers no TLS version from 1.2 on."},
    {SSL_R_VERSION_TOO_LOW, "The client offers no TLS version from 1.2 on."},
    {SSL_R_NO_SHARED_CIPHER, "The client offers none of our cipher suites."},
    {SSL_R_NO_APPLICATION_PROTOCOL, "The client offers protocols (ALPN) but not http/1.1."},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "The client does not trust the server's certificate."},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "The client does not accept the server's certificate."},
}};

}  // namespace

IoStatus TlsStream::status_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return IoStatus::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::kEnd;
    default:
      broken_ = true;
      note_failure();
      return IoStatus::kFailed;
  }
}

void TlsStream::note_failure() {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
  got_plain_http_ = reason == SSL_R_HTTP_REQUEST;
  const auto* known =
      std::find_if(kFailures.begin(), kFailures.end(), [&](const auto& f) { return f.reason == reason; });
  failure_ = known == kFailures.end() ? "The TLS handshake failed." : known->sentence;
}

IoResult TlsStream::handshake() {
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  return {result == 1 ? IoStatus::kOk : status_of(result), 0};
}

IoResult TlsStream::read(std::span<std::uint8_t> room) {
  if (broken_) return {};
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size);
  return {result == 1 ? IoStatus::kOk : status_of(result), size};
}

IoResult TlsStream::write(ByteView bytes) {
  if (broken_) return {};
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  return {result == 1 ? IoStatus::kOk : status_of(result), size};
}

void TlsStream::finish_writing() {
  if (!broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // sends close_notify; if the socket is full the peer does without
    ERR_clear_error();
  }
  shutdown(fd_, SHUT_WR);
}

HttpTlsInfo TlsStream::tls_info() const { return {SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get())}; }

}  // namespace kagimori
