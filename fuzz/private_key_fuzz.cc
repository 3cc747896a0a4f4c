// Keys from outside: the first byte picks a kind of key and an encoding, the rest is read. Whatever it is, it is read
// or refused by the documented codes; what is read has one encoding of its own, which reads to the same key.
#include <cstdlib>

#include "crypto/private_key.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

// The first byte in hexadecimal: its last digit is a KeyPairSpec, its first one the encoding.
constexpr std::uint8_t kParameters = 0;
constexpr std::uint8_t kPkcs8 = 1;
constexpr std::uint8_t kSpki = 2;

void read_parameters(CryptoContext& crypto, KeyPairSpec spec, ByteView bytes) {
  const auto key = PrivateKey::from_parameters(crypto, spec, bytes);
  if (!key) {
    check(key.error().code == ErrorCode::kCorrupt || key.error().code == ErrorCode::kNewerSchema);
    return;
  }
  // Its parts need not belong together, but they are what was read.
  const auto again = key->parameters();
  check(again.has_value() && as_text(again->expose()) == as_text(bytes));
}

void read_pkcs8(CryptoContext& crypto, KeyPairSpec spec, ByteView der) {
  const auto key = PrivateKey::from_pkcs8(crypto, spec, der);
  if (!key) {
    check(key.error().code == ErrorCode::kCrypto);
    return;
  }
  const auto ours = key->pkcs8();
  check(ours.has_value());
  const auto again = PrivateKey::from_pkcs8(crypto, spec, ours->expose());
  check(again.has_value() && as_text(again->pkcs8()->expose()) == as_text(ours->expose()));
}

void read_spki(CryptoContext& crypto, KeyPairSpec spec, ByteView der) {
  const auto key = PublicKey::from_spki(crypto, spec, der);
  if (!key) {
    check(key.error().code == ErrorCode::kCrypto);
    return;
  }
  const auto ours = key->spki();
  check(ours.has_value());
  const auto again = PublicKey::from_spki(crypto, spec, *ours);
  check(again.has_value() && *again->spki() == *ours);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CryptoContext* const crypto = CryptoContext::create()->release();
  if (size == 0 || (data[0] & 0x0f) == 0) return 0;
  const auto spec = static_cast<KeyPairSpec>(data[0] & 0x0f);
  const ByteView bytes(data + 1, size - 1);
  if (!supports(*crypto, spec)) {
    check(!PrivateKey::from_pkcs8(*crypto, spec, bytes));
    return 0;
  }
  const std::uint8_t encoding = data[0] >> 4;
  if (encoding == kParameters) read_parameters(*crypto, spec, bytes);
  if (encoding == kPkcs8) read_pkcs8(*crypto, spec, bytes);
  if (encoding == kSpki) read_spki(*crypto, spec, bytes);
  return 0;
}
