#include "crypto/x509.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "crypto/x509_handles.h"

namespace kagimori {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);
constexpr std::int64_t kDay = 86'400;

template <typename T>
std::string_view code_of(const Result<T>& result) {
  return result ? std::string_view("success") : error_code_name(result.error().code);
}

struct Peer {
  const char* host = nullptr;
  const char* ip = nullptr;
};

class X509Test : public testing::Test {
 protected:
  CertificateInfo info(const CertificateAndKey& pair) {
    return parse_certificate(*crypto_, pair.certificate_pem).value();
  }

  // What a strict TLS client says of the server certificate; X509_V_OK is 0.
  int verify(const CertificateAndKey& server, const CertificateAndKey& trusted, Timestamp when, Peer peer) {
    const openssl::Certificate leaf = openssl::read_certificate(*crypto_, server.certificate_pem).value();
    const openssl::Certificate root = openssl::read_certificate(*crypto_, trusted.certificate_pem).value();
    const openssl::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root.get());
    const openssl::Handle<X509_STORE_CTX, X509_STORE_CTX_free> context(
        X509_STORE_CTX_new_ex(crypto_->library(), nullptr));
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(param, when.seconds());
    if (peer.host != nullptr) X509_VERIFY_PARAM_set1_host(param, peer.host, 0);
    if (peer.ip != nullptr) X509_VERIFY_PARAM_set1_ip_asc(param, peer.ip);
    (void)X509_verify_cert(context.get());
    openssl::forget_errors();
    return X509_STORE_CTX_get_error(context.get());
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  CertificateAndKey ca_ = make_local_ca(*crypto_, kNow, "3f2a").value();
};

TEST_F(X509Test, TheCaSaysWhatItIs) {
  const CertificateInfo ca = info(ca_);
  EXPECT_EQ(ca.subject, "CN=Kagimori local CA 3f2a");
  EXPECT_EQ(ca.issuer, ca.subject);
  EXPECT_TRUE(ca.is_ca);
  EXPECT_EQ(ca.not_before, kNow.plus_seconds(-300));
  EXPECT_EQ(ca.not_after, kNow.plus_days(3650));
  EXPECT_TRUE(ca.dns_names.empty());
}

TEST_F(X509Test, AServerCertificateHasTheNamesAskedForOnce) {
  const CertificateAndKey server =
      make_server_certificate(*crypto_, kNow, ca_,
                              {{"kms.example.org", "*.example.org", "localhost"}, {"10.0.0.7", "::1"}})
          .value();
  const CertificateInfo parsed = info(server);
  EXPECT_EQ(parsed.subject, "CN=localhost");
  EXPECT_EQ(parsed.issuer, "CN=Kagimori local CA 3f2a");
  EXPECT_FALSE(parsed.is_ca);
  EXPECT_THAT(parsed.dns_names, testing::ElementsAre("localhost", "kms.example.org", "*.example.org"));
  EXPECT_THAT(parsed.ip_addresses, testing::ElementsAre("127.0.0.1", "::1", "10.0.0.7"));
  EXPECT_EQ(parsed.not_after, kNow.plus_days(397));
  EXPECT_EQ(certificate_not_after(*crypto_, server.certificate_pem).value(), parsed.not_after);
}

TEST_F(X509Test, AStrictClientAcceptsItForItsNamesOnly) {
  const CertificateAndKey server =
      make_server_certificate(*crypto_, kNow, ca_, {{"kms.example.org"}, {"10.0.0.7"}}).value();
  for (const Peer peer : {Peer{"localhost"}, Peer{"kms.example.org"}, Peer{nullptr, "127.0.0.1"}, Peer{nullptr, "::1"},
                          Peer{nullptr, "10.0.0.7"}}) {
    EXPECT_EQ(verify(server, ca_, kNow, peer), X509_V_OK);
  }
  EXPECT_EQ(verify(server, ca_, kNow, {"example.org"}), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(verify(server, ca_, kNow, {nullptr, "10.0.0.8"}), X509_V_ERR_IP_ADDRESS_MISMATCH);
}

TEST_F(X509Test, AClientRefusesAnotherCaAndOtherTimes) {
  const CertificateAndKey server = make_server_certificate(*crypto_, kNow, ca_, {}).value();
  const CertificateAndKey other = make_local_ca(*crypto_, kNow, "3f2a").value();  // the same name, another key
  EXPECT_NE(verify(server, other, kNow, {"localhost"}), X509_V_OK);
  EXPECT_EQ(verify(server, ca_, kNow.plus_seconds(397 * kDay + 1), {"localhost"}), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(verify(server, ca_, kNow.plus_seconds(-301), {"localhost"}), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(verify(server, ca_, kNow.plus_seconds(-299), {"localhost"}), X509_V_OK);
}

TEST_F(X509Test, TheCaIsNoServerAndTheServerIsNoCa) {
  EXPECT_NE(verify(ca_, ca_, kNow, {"localhost"}), X509_V_OK);
  const CertificateAndKey server = make_server_certificate(*crypto_, kNow, ca_, {}).value();
  const auto issued = make_server_certificate(*crypto_, kNow, server, {});
  EXPECT_EQ(code_of(issued), "BadConfiguration");
}

TEST_F(X509Test, CriticalExtensionsAreCritical) {
  const openssl::Certificate ca = openssl::read_certificate(*crypto_, ca_.certificate_pem).value();
  for (const int nid : {NID_basic_constraints, NID_key_usage}) {
    const int at = X509_get_ext_by_NID(ca.get(), nid, -1);
    ASSERT_GE(at, 0);
    EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(ca.get(), at)), 1);
  }
  EXPECT_EQ(X509_get_key_usage(ca.get()), static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  EXPECT_EQ(X509_get_pathlen(ca.get()), 0);
  const CertificateAndKey pair = make_server_certificate(*crypto_, kNow, ca_, {}).value();
  const openssl::Certificate server = openssl::read_certificate(*crypto_, pair.certificate_pem).value();
  EXPECT_EQ(X509_get_key_usage(server.get()), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(server.get()), static_cast<std::uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(server.get()), X509_get0_subject_key_id(ca.get())), 0);
  EXPECT_EQ(X509_get0_serialNumber(server.get())->length, 16);
}

TEST_F(X509Test, KeysAreUnencryptedPkcs8AndDiffer) {
  const CertificateAndKey server = make_server_certificate(*crypto_, kNow, ca_, {}).value();
  for (const ByteView key : {ca_.private_key_pem.expose(), server.private_key_pem.expose()}) {
    const std::string_view pem = as_text(key);
    EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_TRUE(pem.ends_with("-----END PRIVATE KEY-----\n"));
  }
  EXPECT_NE(to_bytes(server.private_key_pem.expose()), to_bytes(ca_.private_key_pem.expose()));
  EXPECT_NE(info(server).fingerprint, info(ca_).fingerprint);
}

TEST_F(X509Test, AServerCertificateEndsWithItsCa) {
  const Timestamp late = kNow.plus_days(3640);
  EXPECT_EQ(info(make_server_certificate(*crypto_, late, ca_, {}).value()).not_after, kNow.plus_days(3650));
  const auto too_late = make_server_certificate(*crypto_, kNow.plus_days(3650), ca_, {});
  ASSERT_EQ(code_of(too_late), "BadConfiguration");
  EXPECT_THAT(too_late.error().message, testing::HasSubstr("expired"));
}

TEST_F(X509Test, MalformedNamesAreNamed) {
  const std::string long_label(64, 'a');
  const std::string long_name = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.' +
                                std::string(62, 'd') + ".e";
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a..b"), std::string(".a"), std::string("a."), std::string("-a"),
        std::string("a-"), std::string("a,IP:1.2.3.4"), std::string("*"), std::string("a.*.b"), std::string("ä.org"),
        std::string("a\0b", 3), std::string("a\n"), std::string("*.*.a"), std::string("a_b"), long_label, long_name}) {
    const auto made = make_server_certificate(*crypto_, kNow, ca_, {{name}, {}});
    ASSERT_EQ(code_of(made), "BadConfiguration") << name;
    EXPECT_THAT(made.error().message, testing::HasSubstr("'" + name + "'"));
  }
  for (const std::string address : {"", "1.2.3", "1.2.3.256", "localhost", "::g", "1.2.3.4/8", "fe80::1%eth0"}) {
    const auto made = make_server_certificate(*crypto_, kNow, ca_, {{}, {address}});
    ASSERT_EQ(code_of(made), "BadConfiguration") << address;
    EXPECT_THAT(made.error().message, testing::HasSubstr("'" + address + "'"));
  }
}

TEST_F(X509Test, MalformedShortIdsAreRefused) {
  for (const std::string id : {"", "a b", "a/CN=x", "\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(code_of(make_local_ca(*crypto_, kNow, id)), "BadConfiguration") << id;
  }
  EXPECT_EQ(code_of(make_local_ca(*crypto_, kNow, std::string(32, 'Z'))), "success");
}

TEST_F(X509Test, DamagedCaFilesAreRefused) {
  const CertificateAndKey other = make_local_ca(*crypto_, kNow, "other").value();
  const auto made_with = [&](std::string certificate, ByteView key) {
    const CertificateAndKey pair{std::move(certificate), SecretBytes::copy_of(key)};
    return code_of(make_server_certificate(*crypto_, kNow, pair, {}));
  };
  const ByteView key = ca_.private_key_pem.expose();
  EXPECT_EQ(made_with(ca_.certificate_pem, key), "success");
  EXPECT_EQ(made_with(ca_.certificate_pem, other.private_key_pem.expose()), "BadConfiguration");
  EXPECT_EQ(made_with(ca_.certificate_pem, {}), "BadConfiguration");
  EXPECT_EQ(made_with(ca_.certificate_pem, key.first(key.size() / 2)), "BadConfiguration");
  EXPECT_EQ(made_with(ca_.certificate_pem, as_bytes(ca_.certificate_pem)), "BadConfiguration");
  EXPECT_EQ(made_with("", key), "BadConfiguration");
  EXPECT_EQ(made_with("not PEM", key), "BadConfiguration");
}

// A passphrase must not be asked for: there may be no terminal, or nobody before it.
TEST_F(X509Test, AnEncryptedKeyIsRefusedWithoutAsking) {
  const std::string encrypted =
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
      "AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END EC PRIVATE KEY-----\n";
  const CertificateAndKey pair{ca_.certificate_pem, SecretBytes::copy_of(as_bytes(encrypted))};
  EXPECT_EQ(code_of(make_server_certificate(*crypto_, kNow, pair, {})), "BadConfiguration");
}

TEST_F(X509Test, EveryTruncatedCertificateIsRefused) {
  for (std::size_t size = 0; size + 26 < ca_.certificate_pem.size(); size += 7) {
    const std::string cut = ca_.certificate_pem.substr(0, size);
    ASSERT_EQ(code_of(parse_certificate(*crypto_, cut)), "BadConfiguration") << size;
    ASSERT_EQ(code_of(certificate_not_after(*crypto_, cut)), "BadConfiguration") << size;
  }
  EXPECT_EQ(code_of(parse_certificate(*crypto_, std::string((std::size_t{1} << 20) + 1, '-'))), "BadConfiguration");
}

TEST_F(X509Test, TheFirstOfSeveralCertificatesCounts) {
  const CertificateAndKey server = make_server_certificate(*crypto_, kNow, ca_, {}).value();
  const auto chain = parse_certificate(*crypto_, "a comment\n" + server.certificate_pem + ca_.certificate_pem);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->fingerprint, info(server).fingerprint);
}

}  // namespace
}  // namespace kagimori
