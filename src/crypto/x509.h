#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "crypto/digest.h"

namespace kagimori {

// What a local installation needs of X.509 (RFC 5280): a CA of its own and server certificates under it, all ECDSA
// P-256 with SHA-256.

struct CertificateAndKey {
  std::string certificate_pem;
  SecretBytes private_key_pem;  // unencrypted PKCS#8 (RFC 5958) in PEM
};

// A self-signed CA: CN "Kagimori local CA <short_id>", valid from 5 minutes before `now` (clocks differ) to 3,650 days
// after it, critical basicConstraints with path length 0. kBadConfiguration when short_id is empty, over 32 bytes or
// not made of A-Z a-z 0-9 and '-'; kCrypto if OpenSSL fails.
Result<CertificateAndKey> make_local_ca(CryptoContext& crypto, Timestamp now, std::string_view short_id);

// Names beyond localhost, 127.0.0.1 and ::1, which every server certificate has.
struct ServerNames {
  std::vector<std::string> dns_names;     // host names, or "*." and a host name
  std::vector<std::string> ip_addresses;  // IPv4 or IPv6 in text form
};

// A server certificate signed by `ca`: CN "localhost", valid from 5 minutes before `now` to 397 days after it, never
// longer than the CA. kBadConfiguration when a name or address is malformed (the message names it), or the CA's
// certificate and key are unreadable, don't belong together, or the CA has expired; kCrypto if OpenSSL fails.
Result<CertificateAndKey> make_server_certificate(CryptoContext& crypto, Timestamp now, const CertificateAndKey& ca,
                                                  const ServerNames& names);

struct CertificateInfo {
  std::string subject;                    // RFC 2253 form: "CN=localhost"
  std::string issuer;                     // the same form
  std::vector<std::string> dns_names;     // subject alternative names
  std::vector<std::string> ip_addresses;  // subject alternative names, in text form
  Timestamp not_before;
  Timestamp not_after;
  Sha256Digest fingerprint;  // SHA-256 of the DER form
  bool is_ca = false;
};

// The first certificate of a PEM text. kBadConfiguration when there is none or it is malformed.
Result<CertificateInfo> parse_certificate(CryptoContext& crypto, std::string_view pem);
// The end of its validity: when to renew. Errors as above.
Result<Timestamp> certificate_not_after(CryptoContext& crypto, std::string_view pem);

}  // namespace kagimori
