#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include "crypto/key_pair_spec.h"
#include "crypto/openssl.h"

// What the .cc files about key pairs share.
namespace kagimori::openssl {

using Scalar = Handle<BIGNUM, BN_clear_free>;
using NumberContext = Handle<BN_CTX, BN_CTX_free>;
using Group = Handle<EC_GROUP, EC_GROUP_free>;
using Point = Handle<EC_POINT, EC_POINT_clear_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using KeyManagement = Handle<EVP_KEYMGMT, EVP_KEYMGMT_free>;
using Signature = Handle<EVP_SIGNATURE, EVP_SIGNATURE_free>;

// Names that OpenSSL 3.0's headers don't have yet, and are looked up at run time.
inline constexpr const char* kInstanceParam = "instance";  // of Ed25519; OpenSSL 3.2
inline constexpr const char* kMuParam = "mu";              // of ML-DSA; OpenSSL 3.5
inline constexpr const char* kSeedParam = "seed";          // of ML-DSA and ML-KEM; OpenSSL 3.5

// OpenSSL's names of a key type and its curve (null when it has none).
const char* algorithm_name(KeyPairSpec spec);
const char* group_name(KeyPairSpec spec);
int curve_nid(KeyPairSpec spec);

// The kinds of keys that a library has.
KeyPairSupport find_key_pairs(OSSL_LIB_CTX* library);

}  // namespace kagimori::openssl
