#pragma once

#include <memory>

#include "base/result.h"
#include "net/net_config.h"
#include "net/stream.h"

struct ossl_lib_ctx_st;  // OSSL_LIB_CTX

namespace kagimori {

class TlsTicketKeys;

// The server's side of TLS on one worker: TLS 1.2 and 1.3, ECDHE with AEAD ciphers only, in our order of preference;
// HTTP/1.1 by ALPN; tickets, but no renegotiation, compression or early data. One thread. Outlives its streams.
class TlsAcceptor {
 public:
  // kBadConfiguration: the certificate or key can't be read, or they do not belong together. kCrypto: OpenSSL refuses.
  // `library` and `tickets` outlive the acceptor.
  static Result<std::unique_ptr<TlsAcceptor>> create(ossl_lib_ctx_st* library, TlsTicketKeys& tickets,
                                                     const TlsIdentity& identity);
  // Whether create() takes this identity; its errors.
  static Status check(ossl_lib_ctx_st* library, const TlsIdentity& identity);
  ~TlsAcceptor();
  TlsAcceptor(const TlsAcceptor&) = delete;
  TlsAcceptor& operator=(const TlsAcceptor&) = delete;

  // New streams use this identity from now on; errors as create(), and then the old one stays.
  Status reload(const TlsIdentity& identity);
  // kCrypto when out of memory.
  Result<std::unique_ptr<Stream>> accept(int fd);

 private:
  struct State;
  explicit TlsAcceptor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kagimori
