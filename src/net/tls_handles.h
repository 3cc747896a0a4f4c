#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace kagimori {

// OpenSSL's objects as owned values; only for files named tls*.
template <auto kFree>
struct TlsFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioHandle = std::unique_ptr<BIO, TlsFree<BIO_free_all>>;
using CipherHandle = std::unique_ptr<EVP_CIPHER, TlsFree<EVP_CIPHER_free>>;
using PkeyHandle = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using SslContextHandle = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, TlsFree<SSL_free>>;
using X509Handle = std::unique_ptr<X509, TlsFree<X509_free>>;

}  // namespace kagimori
