#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "crypto/context.h"
#include "crypto/digest.h"

// OpenSSL's handles as owners, for the .cc files of this folder only.
namespace kagimori::openssl {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
template <typename T, auto kFree>
using Handle = std::unique_ptr<T, Free<kFree>>;

using Library = Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Provider = Handle<OSSL_PROVIDER, OSSL_PROVIDER_unload>;
using Cipher = Handle<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Digest = Handle<EVP_MD, EVP_MD_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Kdf = Handle<EVP_KDF, EVP_KDF_free>;
using KdfContext = Handle<EVP_KDF_CTX, EVP_KDF_CTX_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Mac = Handle<EVP_MAC, EVP_MAC_free>;
using MacContext = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using Rand = Handle<EVP_RAND, EVP_RAND_free>;

// kCrypto, "OpenSSL could not <what>: <its reason>". Empties the thread's error queue: what stays there would be taken
// for the error of the next TLS call.
[[nodiscard]] tl::unexpected<Error> failure(std::string_view what);
// Empties the queue where the failure was expected, such as a tag that does not match.
void forget_errors();
// For failures after which nothing can be trusted. Writes a log line and aborts.
[[noreturn]] void stop_process(std::string_view why);

// OpenSSL's name of a hash.
const char* digest_name(HashAlgorithm algorithm);

}  // namespace kagimori::openssl

namespace kagimori {

// What of crypto/key_pair_spec.h the loaded OpenSSL has.
struct KeyPairSupport {
  std::array<bool, 15> specs{};  // by the number of a KeyPairSpec, which begins with 1
  bool ed25519ph = false;
};

// Members are destroyed from the last to the first: the library goes last.
struct CryptoContext::Algorithms {
  openssl::Library library;
  openssl::Provider provider;
  std::array<openssl::Digest, 5> digests;  // by HashAlgorithm
  openssl::Mac hmac;
  openssl::Kdf hkdf;
  openssl::Rand ctr_drbg;
  openssl::Cipher aes256gcm;
  openssl::Cipher aes256cbc;               // of CMS
  std::array<openssl::Cipher, 3> aes_kw;   // KEK of 128, 192, 256 bits
  std::array<openssl::Cipher, 3> aes_kwp;  // the same
  KeyPairSupport key_pairs;
  // Between calls it is a SHA-256 that has absorbed nothing, so that no trace of the last message stays in it.
  openssl::DigestContext sha256_scratch;
  // Between calls it is empty.
  openssl::CipherContext gcm_scratch;

  const EVP_MD* digest(HashAlgorithm algorithm) const { return digests[static_cast<std::size_t>(algorithm)].get(); }
};

}  // namespace kagimori
