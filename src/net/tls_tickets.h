#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "net/monotonic_clock.h"

namespace kagimori {

// The keys that session tickets are sealed with: shared by all workers, so that a client may resume on any of them,
// made anew every kRotation, kept for kLifetime, never written anywhere. Stealing one opens at most the TLS 1.2
// sessions of that time (TLS 1.3 resumption here always adds a fresh key exchange). Any thread; asked only during
// handshakes.
class TlsTicketKeys {
 public:
  static constexpr std::chrono::minutes kRotation{60};
  static constexpr std::chrono::minutes kLifetime{180};
  static constexpr std::size_t kNameSize = 16;

  struct Key {
    std::array<std::uint8_t, kNameSize> name{};
    SecretBytes cipher_key{32};  // AES-256-CBC
    SecretBytes mac_key{32};     // HMAC-SHA256
    MonotonicTime made;
  };

  explicit TlsTicketKeys(const MonotonicClock& clock) : clock_(clock) {}

  // The key for new tickets. kCrypto if OpenSSL has no randomness.
  Result<std::shared_ptr<const Key>> current();
  // The key of that name, or null if there is none or it is too old.
  std::shared_ptr<const Key> find(std::span<const std::uint8_t, kNameSize> name);

 private:
  const MonotonicClock& clock_;
  std::mutex mutex_;                              // guards keys_
  std::vector<std::shared_ptr<const Key>> keys_;  // newest last
};

}  // namespace kagimori
