#pragma once

#include "crypto/context.h"
#include "net/net_config.h"
#include "server/config.h"
#include "server/data_folder.h"

namespace kagimori {

// What took the place of something that was there before.
struct CertificatesMade {
  bool replaced_ca = false;      // clients must trust the new one
  bool replaced_server = false;  // a running server takes it at SIGHUP
};

// Makes what is missing of the local CA and the server's certificate in the data folder, and renews what ends within 30
// days. Certificates that an operator put there are used as they are: without our CA's key beside them nothing is
// made or renewed, and kBadConfiguration says what is missing.
Result<CertificatesMade> ensure_certificates(CryptoContext& crypto, Timestamp now, const DataFolder& folder);

// Reads the configured certificate and key for the listeners.
Result<TlsIdentity> load_tls_identity(const Config& config);

// A sentence for the operator when the configured certificate has ended or ends within 30 days; else empty, also when
// it can't be read, which load_tls_identity says.
std::string certificate_warning(CryptoContext& crypto, Timestamp now, const Config& config);

}  // namespace kagimori
