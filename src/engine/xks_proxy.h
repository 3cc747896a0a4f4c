#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/outgoing_http.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "model/custom_key_store.h"
#include "protocol/xks.h"

namespace kagimori {

// How long a request to a proxy may take (AWS KMS developer guide, "External key stores").
inline constexpr std::chrono::milliseconds kXksLimit{250};

// One proxy, as a store knows it: signs requests, sends them and reads the answers. Blocks for at most kXksLimit a
// request, so never on a worker's thread. Views: what they name outlives the object.
struct XksProxy {
  OutgoingHttp* http = nullptr;  // null: nothing can be reached
  std::string_view store_id;     // names the kept connections
  std::string_view region;
  const XksProxyConfiguration& configuration;
  const SecretBytes& secret;
  Timestamp now;  // real time, for the signature

  XksResult<void> health(CryptoContext& crypto, const XksRequestMetadata& metadata) const;
  XksResult<void> key_metadata(CryptoContext& crypto, std::string_view xks_key_id,
                               const XksRequestMetadata& metadata) const;
  XksResult<XksCiphertext> encrypt(CryptoContext& crypto, std::string_view xks_key_id,
                                   const XksRequestMetadata& metadata, ByteView plaintext,
                                   ByteView additional_data) const;
  XksResult<Bytes> decrypt(CryptoContext& crypto, std::string_view xks_key_id, const XksRequestMetadata& metadata,
                           const XksCiphertextView& sealed, ByteView additional_data) const;

 private:
  XksResult<OutgoingAnswer> post(CryptoContext& crypto, std::string_view call, std::string body) const;
};

}  // namespace kagimori
