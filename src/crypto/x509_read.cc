#include <arpa/inet.h>
#include <openssl/pem.h>
#include <time.h>

#include "crypto/x509.h"
#include "crypto/x509_handles.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{1} << 20;

tl::unexpected<Error> malformed(const char* what) {
  openssl::forget_errors();
  return fail(ErrorCode::kBadConfiguration, std::string("the certificate ") + what + "; replace the file");
}

std::string name_text(const X509_NAME* name) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string_view text_of(const ASN1_STRING* string) {
  return as_text({ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))});
}

// Graphic ASCII only: a name with a zero byte or a line feed is made to be misread.
Status add_dns_name(CertificateInfo& info, const ASN1_STRING* name) {
  const std::string_view text = text_of(name);
  for (const char c : text) {
    if (c < '!' || c > '~') return malformed("has a DNS name with characters that no DNS name has");
  }
  info.dns_names.emplace_back(text);
  return {};
}

Status add_ip_address(CertificateInfo& info, const ASN1_STRING* address) {
  const std::string_view bytes = text_of(address);
  if (bytes.size() != 4 && bytes.size() != 16) return malformed("has an IP address of a wrong size");
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  info.ip_addresses.emplace_back(text.data());
  return {};
}

Status add_alternative_names(CertificateInfo& info, const X509* certificate) {
  int critical = 0;  // -1: absent; -2: there more than once
  const openssl::AltNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  if (!names) return critical == -1 ? Status() : malformed("has malformed alternative names");
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) TRY(add_dns_name(info, name->d.dNSName));
    if (name->type == GEN_IPADD) TRY(add_ip_address(info, name->d.iPAddress));
  }
  return {};
}

Result<Sha256Digest> fingerprint_of(CryptoContext& crypto, const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return openssl::failure("encode a certificate");
  const Sha256Digest digest = sha256(crypto, ByteView{der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return digest;
}

}  // namespace

int openssl::refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Result<openssl::Certificate> openssl::read_certificate(CryptoContext& crypto, std::string_view pem) {
  if (pem.empty()) return malformed("is empty");
  if (pem.size() > kMaxPemSize) return malformed("is larger than 1 MiB");
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509* certificate = X509_new_ex(crypto.library(), nullptr);
  if (!bio || certificate == nullptr) {
    X509_free(certificate);
    return failure("read a certificate");
  }
  // On failure the object may be freed already; OpenSSL then sets the pointer to null.
  const bool good = PEM_read_bio_X509(bio.get(), &certificate, refuse_passphrase, nullptr) != nullptr;
  Certificate result(certificate);
  if (!good) return malformed("is not in PEM form (-----BEGIN CERTIFICATE-----) or is damaged");
  return result;
}

Result<Timestamp> openssl::to_timestamp(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return malformed("has a malformed validity");
  return Timestamp::from_seconds(timegm(&parts));
}

Result<CertificateInfo> parse_certificate(CryptoContext& crypto, std::string_view pem) {
  TRY_ASSIGN(const openssl::Certificate certificate, openssl::read_certificate(crypto, pem));
  CertificateInfo info;
  info.subject = name_text(X509_get_subject_name(certificate.get()));
  info.issuer = name_text(X509_get_issuer_name(certificate.get()));
  TRY(add_alternative_names(info, certificate.get()));
  TRY_ASSIGN(info.not_before, openssl::to_timestamp(X509_get0_notBefore(certificate.get())));
  TRY_ASSIGN(info.not_after, openssl::to_timestamp(X509_get0_notAfter(certificate.get())));
  TRY_ASSIGN(info.fingerprint, fingerprint_of(crypto, certificate.get()));
  info.is_ca = X509_check_ca(certificate.get()) == 1;
  return info;
}

Result<Timestamp> certificate_not_after(CryptoContext& crypto, std::string_view pem) {
  TRY_ASSIGN(const openssl::Certificate certificate, openssl::read_certificate(crypto, pem));
  return openssl::to_timestamp(X509_get0_notAfter(certificate.get()));
}

}  // namespace kagimori
