#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "base/bytes.h"
#include "crypto/context.h"
#include "crypto/digest.h"

namespace kagimori {

using Mac256 = std::array<std::uint8_t, 32>;

// HMAC-SHA256 (FIPS 198-1) of the parts, one after the other, under a key used once. Allocates nothing.
// Stops the process if OpenSSL fails, which it does only when memory is out.
Mac256 hmac_sha256(CryptoContext& crypto, ByteView key, std::initializer_list<ByteView> parts);

// HMAC with any hash. kCrypto if OpenSSL fails.
Result<Bytes> hmac(CryptoContext& crypto, HashAlgorithm algorithm, ByteView key, ByteView message);

// HMAC-SHA256 under a key that is used often: keyed once, reset for each message. It keeps the two hash states that the
// key leads to, never the key itself; whoever reads them can make MACs, so they are wiped on destruction.
// Belongs to the thread of its CryptoContext, which must outlive it.
class KeyedHmac {
 public:
  // Any key size; the key may be wiped as soon as this returns. kCrypto if OpenSSL fails.
  static Result<KeyedHmac> create(CryptoContext& crypto, ByteView key);
  KeyedHmac(KeyedHmac&& other) noexcept;
  KeyedHmac& operator=(KeyedHmac&& other) noexcept;
  ~KeyedHmac();

  // The MAC of the parts, one after the other. Nothing of one call stays for the next. Stops the process if OpenSSL
  // fails, which it does only when memory is out. Not to be called on an object that was moved from.
  Mac256 mac(std::initializer_list<ByteView> parts);
  Mac256 mac(ByteView message) { return mac({message}); }

 private:
  struct State;
  explicit KeyedHmac(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace kagimori
