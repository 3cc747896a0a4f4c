#include "net/tls_tickets.h"

#include <openssl/rand.h>

#include <algorithm>

namespace kagimori {
namespace {

Result<std::shared_ptr<const TlsTicketKeys::Key>> make_key(MonotonicTime now) {
  auto key = std::make_shared<TlsTicketKeys::Key>();
  key->made = now;
  const auto fill = [](std::span<std::uint8_t> out, auto random) {
    return random(out.data(), static_cast<int>(out.size())) == 1;
  };
  if (!fill(key->name, RAND_bytes) || !fill(key->cipher_key.expose_mutable(), RAND_priv_bytes) ||
      !fill(key->mac_key.expose_mutable(), RAND_priv_bytes)) {
    return fail(ErrorCode::kCrypto, "OpenSSL has no randomness for session tickets.");
  }
  return key;
}

}  // namespace

Result<std::shared_ptr<const TlsTicketKeys::Key>> TlsTicketKeys::current() {
  const MonotonicTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (keys_.empty() || now - keys_.back()->made >= kRotation) {
    TRY_ASSIGN(auto key, make_key(now));
    std::erase_if(keys_, [&](const auto& old) { return now - old->made >= kLifetime; });
    keys_.push_back(std::move(key));
  }
  return keys_.back();
}

std::shared_ptr<const TlsTicketKeys::Key> TlsTicketKeys::find(std::span<const std::uint8_t, kNameSize> name) {
  const MonotonicTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  for (const auto& key : keys_) {
    if (std::equal(name.begin(), name.end(), key->name.begin()) && now - key->made < kLifetime) return key;
  }
  return nullptr;
}

}  // namespace kagimori
