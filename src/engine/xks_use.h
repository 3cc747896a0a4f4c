#pragma once

#include <chrono>

#include "engine/external_keys.h"
#include "engine/xks_proxy.h"

namespace kagimori {

// Of a key in an external key store: ciphertexts of suite 2.
class XksUse final : public ExternalUse {
 public:
  // `begin_by`: who has waited longer is told so, and the proxy is left alone.
  XksUse(std::shared_ptr<const KeySnapshot> key, std::shared_ptr<const KeyStoreSnapshot> store, OutgoingHttp* http,
         const Clock& clock, XksRequestMetadata metadata, std::chrono::steady_clock::time_point begin_by)
      : ExternalUse(std::move(key), std::move(store)),
        http_(http),
        clock_(clock),
        metadata_(std::move(metadata)),
        begin_by_(begin_by) {}

  Result<Bytes> seal(CryptoContext& crypto, RandomSource& random, ByteView plaintext,
                     ByteView canonical_context) const override;
  Result<SecretBytes> open(CryptoContext& crypto, ByteView ciphertext, ByteView canonical_context) const override;

 private:
  XksProxy proxy() const;
  tl::unexpected<Error> refused(XksFault fault) const;
  Status check_size(ByteView canonical_context) const;

  OutgoingHttp* const http_;
  const Clock& clock_;
  const XksRequestMetadata metadata_;
  const std::chrono::steady_clock::time_point begin_by_;
};

}  // namespace kagimori
