#pragma once

#include "base/result.h"
#include "net/net_config.h"
#include "net/tls_handles.h"

namespace kagimori {

// Reads certificate chain and key into `context`; only for files named tls*. kBadConfiguration says which of them is
// wrong: not PEM, encrypted, of an unknown kind, or not belonging together.
Status use_tls_identity(SSL_CTX* context, OSSL_LIB_CTX* library, const TlsIdentity& identity);

}  // namespace kagimori
