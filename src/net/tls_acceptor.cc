#include "net/tls_acceptor.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include <array>

#include "net/tls_handles.h"
#include "net/tls_identity.h"
#include "net/tls_stream.h"
#include "net/tls_tickets.h"

namespace kagimori {
namespace {

// AES-256 first: what travels here are 256-bit keys, and with AES instructions it costs little more than AES-128.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Ciphers = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
// OpenSSL 3.5 and later know the hybrid group; 3.0 refuses a list that names it.
constexpr const char* kGroupsWithHybrid = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr long kTicketSeconds = std::chrono::seconds(TlsTicketKeys::kLifetime - TlsTicketKeys::kRotation).count();

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void*) {
  static constexpr std::string_view kOurs = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(&selected, out_size, reinterpret_cast<const unsigned char*>(kOurs.data()),
                                           kOurs.size(), in, in_size);
  *out = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

// Reached from OpenSSL's ticket callback, also by connections that began before a reload: so it does not move.
struct TlsAcceptor::State {
  OSSL_LIB_CTX* library;
  TlsTicketKeys& tickets;
  CipherHandle ticket_cipher;
  SslContextHandle context;

  Result<SslContextHandle> make_context(const TlsIdentity& identity);
  static int use_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                            int encrypt);
  int seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
  int open(const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
};

namespace {

bool set_mac_key(EVP_MAC_CTX* mac, const TlsTicketKeys::Key& key) {
  const ByteView bytes = key.mac_key.expose();
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<std::uint8_t*>(bytes.data()), bytes.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

}  // namespace

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 a ticket may be used, 2 it may and gets renewed, 0 no ticket, -1 failure.
int TlsAcceptor::State::use_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                       EVP_MAC_CTX* mac, int encrypt) {
  auto& self = *static_cast<State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  return encrypt != 0 ? self.seal(name, iv, cipher, mac) : self.open(name, iv, cipher, mac);
}

int TlsAcceptor::State::seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const auto key = tickets.current();
  if (!key ||
      RAND_bytes_ex(library, iv, static_cast<std::size_t>(EVP_CIPHER_get_iv_length(ticket_cipher.get())), 0) != 1) {
    return -1;
  }
  memcpy(name, (*key)->name.data(), TlsTicketKeys::kNameSize);
  const ByteView cipher_key = (*key)->cipher_key.expose();
  const bool ok =
      EVP_EncryptInit_ex2(cipher, ticket_cipher.get(), cipher_key.data(), iv, nullptr) == 1 && set_mac_key(mac, **key);
  return ok ? 1 : -1;
}

int TlsAcceptor::State::open(const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                             EVP_MAC_CTX* mac) {
  const auto key =
      tickets.find(std::span<const std::uint8_t, TlsTicketKeys::kNameSize>(name, TlsTicketKeys::kNameSize));
  if (key == nullptr) return 0;
  const ByteView cipher_key = key->cipher_key.expose();
  if (EVP_DecryptInit_ex2(cipher, ticket_cipher.get(), cipher_key.data(), iv, nullptr) != 1 ||
      !set_mac_key(mac, *key)) {
    return -1;
  }
  const auto current = tickets.current();
  return current && *current == key ? 1 : 2;
}

Result<SslContextHandle> TlsAcceptor::State::make_context(const TlsIdentity& identity) {
  SslContextHandle made(SSL_CTX_new_ex(library, nullptr, TLS_server_method()));
  SSL_CTX* ctx = made.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kTls12Ciphers) != 1 || SSL_CTX_set_ciphersuites(ctx, kTls13Ciphers) != 1 ||
      (SSL_CTX_set1_groups_list(ctx, kGroupsWithHybrid) != 1 && SSL_CTX_set1_groups_list(ctx, kGroups) != 1)) {
    ERR_clear_error();
    return fail(ErrorCode::kCrypto,
                "OpenSSL refuses the TLS settings; it may be too old or restricted by its own file.");
  }
  ERR_clear_error();
  // Decrypted requests hold plaintext: CLEANSE_PLAINTEXT wipes OpenSSL's copy once we have read it.
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_PRIORITIZE_CHACHA);
  // No SSL_MODE_RELEASE_BUFFERS: it would save some 34 KB on an idle connection (max_connections bounds the sum) and
  // cost two allocations of that size at each request.
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);  // tickets alone: nothing to share or to fill up
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_timeout(ctx, kTicketSeconds);
  SSL_CTX_set_app_data(ctx, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_ticket_key);
  SSL_CTX_set_alpn_select_cb(ctx, select_protocol, nullptr);
  TRY(use_tls_identity(ctx, library, identity));
  return made;
}

TlsAcceptor::TlsAcceptor(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsAcceptor::~TlsAcceptor() = default;

Result<std::unique_ptr<TlsAcceptor>> TlsAcceptor::create(ossl_lib_ctx_st* library, TlsTicketKeys& tickets,
                                                         const TlsIdentity& identity) {
  std::unique_ptr<State> state(
      new State{library, tickets, CipherHandle(EVP_CIPHER_fetch(library, "AES-256-CBC", nullptr)), nullptr});
  if (state->ticket_cipher == nullptr)
    return fail(ErrorCode::kCrypto, "OpenSSL lacks AES-256-CBC for session tickets.");
  std::unique_ptr<TlsAcceptor> acceptor(new TlsAcceptor(std::move(state)));
  TRY(acceptor->reload(identity));
  return acceptor;
}

Status TlsAcceptor::check(ossl_lib_ctx_st* library, const TlsIdentity& identity) {
  const SteadyClock clock;
  TlsTicketKeys tickets(clock);
  TRY(create(library, tickets, identity));
  return {};
}

Status TlsAcceptor::reload(const TlsIdentity& identity) {
  TRY_ASSIGN(state_->context, state_->make_context(identity));
  return {};
}

Result<std::unique_ptr<Stream>> TlsAcceptor::accept(int fd) {
  SslHandle ssl(SSL_new(state_->context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::kCrypto, "OpenSSL can't make a TLS connection.");
  }
  return std::make_unique<TlsStream>(std::move(ssl), fd);
}

}  // namespace kagimori
