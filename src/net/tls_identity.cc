#include "net/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace kagimori {
namespace {

tl::unexpected<Error> bad(const char* sentence) {
  ERR_clear_error();
  return fail(ErrorCode::kBadConfiguration, sentence);
}

BioHandle reader_of(ByteView bytes) { return BioHandle(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

// A server has nobody to ask for a pass phrase; without this OpenSSL would ask the terminal.
int no_pass_phrase(char*, int, int, void*) { return 0; }

X509Handle next_certificate(BIO* pem, OSSL_LIB_CTX* library) {
  X509* certificate = X509_new_ex(library, nullptr);
  if (certificate != nullptr && PEM_read_bio_X509(pem, &certificate, no_pass_phrase, nullptr) == nullptr) {
    X509_free(certificate);
    certificate = nullptr;
  }
  return X509Handle(certificate);
}

Status use_chain(SSL_CTX* context, OSSL_LIB_CTX* library, const std::string& text) {
  const BioHandle pem = reader_of(as_bytes(text));
  const X509Handle leaf = next_certificate(pem.get(), library);
  if (leaf == nullptr) return bad("The TLS certificate is not a PEM certificate (-----BEGIN CERTIFICATE-----).");
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return bad("OpenSSL does not accept the TLS certificate; its key may be too small or of an unknown kind.");
  }
  for (;;) {
    const X509Handle issuer = next_certificate(pem.get(), library);
    if (issuer == nullptr) break;
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) {
      return bad("OpenSSL does not accept a certificate of the TLS certificate's chain.");
    }
  }
  // The end of the text is "no start line"; anything else is a damaged certificate in the chain.
  const unsigned long last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return bad("A certificate of the TLS certificate's chain is damaged.");
  }
  ERR_clear_error();
  return {};
}

}  // namespace

Status use_tls_identity(SSL_CTX* context, OSSL_LIB_CTX* library, const TlsIdentity& identity) {
  ERR_clear_error();
  TRY(use_chain(context, library, identity.certificate_pem));
  const BioHandle pem = reader_of(identity.key_pem.expose());
  const PkeyHandle key(PEM_read_bio_PrivateKey_ex(pem.get(), nullptr, no_pass_phrase, nullptr, library, nullptr));
  if (key == nullptr) {
    return bad("The TLS key is not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----).");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return bad("The TLS key does not belong to the TLS certificate; give the key that the certificate was made for.");
  }
  return {};
}

}  // namespace kagimori
