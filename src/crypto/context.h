#pragma once

#include <memory>

#include "base/result.h"

struct ossl_lib_ctx_st;  // OSSL_LIB_CTX

namespace kagimori {

// One OpenSSL library context with every algorithm fetched once, and the scratch contexts that calls re-use.
// Implicit fetches and contexts shared between threads do not scale (reference counts and locks inside OpenSSL), so
// each thread has its own: an object may be made on one thread and handed to another, but is used and destroyed by one
// thread. It outlives everything made from it (KeyedHmac, OpensslRandom). Making one takes some milliseconds.
class CryptoContext {
 public:
  // kCrypto when this OpenSSL lacks an algorithm that the house needs.
  static Result<std::unique_ptr<CryptoContext>> create();
  ~CryptoContext();
  CryptoContext(const CryptoContext&) = delete;
  CryptoContext& operator=(const CryptoContext&) = delete;

  // For TLS contexts (net/tls) that share the thread's library context. Owned by this object.
  ossl_lib_ctx_st* library() const;

  // For crypto/ only: defined in crypto/openssl.h.
  struct Algorithms;
  Algorithms& algorithms() { return *algorithms_; }
  const Algorithms& algorithms() const { return *algorithms_; }

 private:
  explicit CryptoContext(std::unique_ptr<Algorithms> algorithms);

  std::unique_ptr<Algorithms> algorithms_;
};

}  // namespace kagimori
