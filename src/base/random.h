#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kagimori {

// Where randomness comes from. The server's is OpenSSL's (crypto/random.h); tests inject a counter.
// One object belongs to one thread unless its class says otherwise.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Nonces, identifiers: unpredictable but public.
  virtual void fill_public(std::span<std::uint8_t> out) = 0;
  // Key material.
  virtual void fill_private(std::span<std::uint8_t> out) = 0;
};

// A version-4 UUID in lower case (RFC 9562 section 5.4).
std::string make_uuid(RandomSource& random);
// `length` characters of A-Z2-7, as AWS forms its unique ids.
std::string make_base32_id(RandomSource& random, std::size_t length);

}  // namespace kagimori
