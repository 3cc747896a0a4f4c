#include "net/tls_client.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/tls_handles.h"

namespace kagimori {
namespace {

using SessionHandle = std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>>;

class TlsTransport final : public TestTransport {
 public:
  TlsTransport(SslContextHandle context, SslHandle ssl) : context_(std::move(context)), ssl_(std::move(ssl)) {}
  SSL* ssl() { return ssl_.get(); }

  bool send(std::string_view bytes) override {
    std::size_t sent = 0;
    return bytes.empty() || SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) == 1;
  }
  std::string receive() override {
    std::array<char, 16384> buffer;
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
    // A stream that breaks off without close_notify is a truncation attack to some clients.
    if (result != 1) {
      EXPECT_EQ(SSL_get_error(ssl_.get(), result), SSL_ERROR_ZERO_RETURN);
    }
    return {buffer.data(), size};
  }

 private:
  SslContextHandle context_;
  SslHandle ssl_;
};

SslContextHandle make_context(const std::string& ca_pem, const TlsClientOptions& options) {
  SslContextHandle context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_security_level(context.get(), 0);  // so that old versions can be offered at all
  SSL_CTX_set_min_proto_version(context.get(), options.min_version);
  SSL_CTX_set_max_proto_version(context.get(), options.max_version);
  if (!options.ciphers.empty()) {
    EXPECT_EQ(SSL_CTX_set_cipher_list(context.get(), options.ciphers.c_str()), 1);
  }
  const BioHandle pem(BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  const X509Handle ca(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  EXPECT_EQ(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get()), 1);
  return context;
}

std::string pem_of(X509* certificate) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string session_der(SSL* ssl) {
  const SessionHandle session(SSL_get1_session(ssl));
  std::string der(static_cast<std::size_t>(std::max(0, i2d_SSL_SESSION(session.get(), nullptr))), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_SSL_SESSION(session.get(), &out);
  return der;
}

}  // namespace

TlsClient connect_tls(const std::string& address, const std::string& ca_pem, const TlsClientOptions& options) {
  UniqueFd fd = connect_to(address);
  SslContextHandle context = make_context(ca_pem, options);
  SslHandle ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
  SSL_set1_host(ssl.get(), "localhost");
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
  }
  if (!options.session.empty()) {
    const auto* der = reinterpret_cast<const unsigned char*>(options.session.data());
    const SessionHandle session(d2i_SSL_SESSION(nullptr, &der, static_cast<long>(options.session.size())));
    SSL_set_session(ssl.get(), session.get());
  }
  TlsClient result;
  if (SSL_connect(ssl.get()) != 1) {
    ERR_clear_error();
    return result;
  }
  result.version = SSL_get_version(ssl.get());
  const unsigned char* protocol = nullptr;
  unsigned int protocol_size = 0;
  SSL_get0_alpn_selected(ssl.get(), &protocol, &protocol_size);
  if (protocol_size > 0) result.protocol.assign(reinterpret_cast<const char*>(protocol), protocol_size);
  const X509Handle certificate(SSL_get1_peer_certificate(ssl.get()));
  result.certificate_pem = pem_of(certificate.get());
  result.resumed = SSL_session_reused(ssl.get()) == 1;
  auto transport = std::make_unique<TlsTransport>(std::move(context), std::move(ssl));
  result.session = [raw = transport->ssl()] { return session_der(raw); };
  result.client = std::make_unique<TestClient>(std::move(fd), std::move(transport));
  return result;
}

}  // namespace kagimori
