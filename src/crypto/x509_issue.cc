#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>

#include "crypto/x509.h"
#include "crypto/x509_handles.h"

namespace kagimori {
namespace {

constexpr std::int64_t kClockSlackSeconds = 300;
constexpr std::int64_t kCaDays = 3650;
constexpr std::int64_t kServerDays = 397;  // what browsers and Apple's systems accept is below 398 days
constexpr std::size_t kMaxShortIdSize = 32;
constexpr std::size_t kMaxDnsNameSize = 253;
constexpr std::size_t kMaxDnsLabelSize = 63;
// Bits of KeyUsage, RFC 5280 section 4.2.1.3.
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

tl::unexpected<Error> bad(std::string message) {
  openssl::forget_errors();
  return fail(ErrorCode::kBadConfiguration, std::move(message));
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_dns_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxDnsLabelSize && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// RFC 1123 section 2.1, with a wildcard as the whole first label (RFC 6125 section 6.4.3).
bool is_dns_name(std::string_view name) {
  if (name.size() > kMaxDnsNameSize) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_dns_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// The 4 or 16 bytes of an address; empty when the text is none.
Bytes parse_ip(const std::string& text) {
  Bytes v4(4);
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return v4;
  Bytes v6(16);
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return {};
}

Result<openssl::AltNames> alternative_names(const ServerNames& names) {
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<Bytes> addresses = {{127, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  for (const std::string& name : names.dns_names) {
    if (!is_dns_name(name)) return bad(fmt::format("'{}' is not a DNS name that a certificate can carry", name));
    if (std::ranges::find(dns_names, name) == dns_names.end()) dns_names.push_back(name);
  }
  for (const std::string& text : names.ip_addresses) {
    Bytes address = parse_ip(text);
    if (address.empty()) return bad(fmt::format("'{}' is not an IP address", text));
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(std::move(address));
  }

  openssl::AltNames result(GENERAL_NAMES_new());
  const auto add = [&result](int type, ByteView value) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_STRING* const string = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    if (name == nullptr || string == nullptr ||
        ASN1_STRING_set(string, value.data(), static_cast<int>(value.size())) != 1) {
      openssl::stop_process("memory is out");
    }
    GENERAL_NAME_set0_value(name, type, string);
    if (sk_GENERAL_NAME_push(result.get(), name) <= 0) openssl::stop_process("memory is out");
  };
  for (const std::string& name : dns_names) add(GEN_DNS, as_bytes(name));
  for (const Bytes& address : addresses) add(GEN_IPADD, address);
  return result;
}

// A certificate in the making: each step does nothing once one has failed.
class CertificateBuilder {
 public:
  CertificateBuilder(CryptoContext& crypto, EVP_PKEY* key)
      : crypto_(crypto), certificate_(X509_new_ex(crypto.library(), nullptr)) {
    good_ = certificate_ != nullptr && X509_set_version(certificate_.get(), X509_VERSION_3) == 1 &&
            X509_set_pubkey(certificate_.get(), key) == 1;
    set_serial();
  }

  void set_subject(const std::string& common_name) {
    X509_NAME* const name = good_ ? X509_get_subject_name(certificate_.get()) : nullptr;
    good_ = good_ && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, as_bytes(common_name).data(),
                                                static_cast<int>(common_name.size()), -1, 0) == 1;
  }
  void set_issuer(const X509* issuer) {
    good_ = good_ && X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer)) == 1;
  }
  void set_validity(Timestamp not_before, Timestamp not_after) {
    const openssl::Time from(ASN1_TIME_set(nullptr, not_before.seconds()));
    const openssl::Time until(ASN1_TIME_set(nullptr, not_after.seconds()));
    good_ = good_ && from && until && X509_set1_notBefore(certificate_.get(), from.get()) == 1 &&
            X509_set1_notAfter(certificate_.get(), until.get()) == 1;
  }
  void add_basic_constraints(bool is_ca) {
    const openssl::Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(BASIC_CONSTRAINTS_new());
    if (constraints && is_ca) {
      constraints->ca = 0xff;                     // written as it is, and DER knows no other TRUE (X.690 section 11.1)
      constraints->pathlen = ASN1_INTEGER_new();  // zero: it signs no further CAs
    }
    add(NID_basic_constraints, constraints.get(), true);
  }
  void add_key_usage(std::initializer_list<int> bits) {
    const openssl::BitString usage(ASN1_BIT_STRING_new());
    for (const int bit : bits) good_ = good_ && usage && ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1;
    add(NID_key_usage, usage.get(), true);
  }
  void add_server_auth() {
    const openssl::Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(EXTENDED_KEY_USAGE_new());
    good_ = good_ && usage && sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_server_auth)) > 0;
    add(NID_ext_key_usage, usage.get(), false);
  }
  void add_alternative_names(GENERAL_NAMES* names) { add(NID_subject_alt_name, names, false); }
  // The leftmost 160 bits of the SHA-256 of the public key: RFC 7093 section 2, method 1.
  void add_subject_key_id() {
    const openssl::OctetString id = key_id(certificate_.get());
    add(NID_subject_key_identifier, id.get(), false);
  }
  void add_authority_key_id(X509* issuer) {
    const openssl::Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free> id(AUTHORITY_KEYID_new());
    const ASN1_OCTET_STRING* const issuer_id = X509_get0_subject_key_id(issuer);
    if (id) id->keyid = issuer_id != nullptr ? ASN1_OCTET_STRING_dup(issuer_id) : key_id(issuer).release();
    add(NID_authority_key_identifier, id.get(), false);
  }

  Result<openssl::Certificate> sign(EVP_PKEY* issuer_key) {
    const EVP_MD* const digest = crypto_.algorithms().digest(HashAlgorithm::kSha256);
    if (!good_ || X509_sign(certificate_.get(), issuer_key, digest) <= 0) return openssl::failure("make a certificate");
    return std::move(certificate_);
  }
  X509* get() { return certificate_.get(); }

 private:
  // 127 random bits, never zero, always the same length (RFC 5280 section 4.1.2.2).
  void set_serial() {
    std::array<std::uint8_t, 16> raw{};
    good_ = good_ && RAND_bytes_ex(crypto_.library(), raw.data(), raw.size(), 0) == 1;
    raw[0] = static_cast<std::uint8_t>((raw[0] & 0x3f) | 0x40);
    const openssl::BigNumber number(BN_bin2bn(raw.data(), static_cast<int>(raw.size()), nullptr));
    const openssl::Integer serial(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
    good_ = good_ && serial && X509_set_serialNumber(certificate_.get(), serial.get()) == 1;
  }
  openssl::OctetString key_id(const X509* certificate) {
    openssl::OctetString id(ASN1_OCTET_STRING_new());
    if (!good_ || !id) return nullptr;
    const ASN1_BIT_STRING* const public_key = X509_get0_pubkey_bitstr(certificate);
    const Sha256Digest digest = sha256(
        crypto_, ByteView{ASN1_STRING_get0_data(public_key), static_cast<std::size_t>(ASN1_STRING_length(public_key))});
    good_ = ASN1_OCTET_STRING_set(id.get(), digest.data(), 20) == 1;
    return id;
  }
  void add(int nid, void* value, bool critical) {
    good_ = good_ && value != nullptr &&
            X509_add1_ext_i2d(certificate_.get(), nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
  }

  CryptoContext& crypto_;
  openssl::Certificate certificate_;
  bool good_ = false;
};

Result<openssl::Key> make_key(CryptoContext& crypto) {
  openssl::Key key(EVP_PKEY_Q_keygen(crypto.library(), nullptr, "EC", "P-256"));
  if (!key) return openssl::failure("make a P-256 key");
  return key;
}

Result<CertificateAndKey> to_pem(X509* certificate, EVP_PKEY* key) {
  const openssl::Bio certificate_bio(BIO_new(BIO_s_mem()));
  const openssl::Bio key_bio(BIO_new(BIO_s_secmem()));  // wiped when freed and when it grows
  if (!certificate_bio || !key_bio || PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl::failure("write a certificate and its key as PEM");
  }
  char* text = nullptr;
  CertificateAndKey result;
  const long certificate_size = BIO_get_mem_data(certificate_bio.get(), &text);
  result.certificate_pem.assign(text, static_cast<std::size_t>(certificate_size));
  const long key_size = BIO_get_mem_data(key_bio.get(), &text);
  result.private_key_pem = SecretBytes::copy_of(as_bytes(std::string_view(text, static_cast<std::size_t>(key_size))));
  return result;
}

struct CertificateAuthority {
  openssl::Certificate certificate;
  openssl::Key key;
  Timestamp not_after;
};

Result<CertificateAuthority> read_ca(CryptoContext& crypto, Timestamp now, const CertificateAndKey& ca) {
  CertificateAuthority result;
  TRY_ASSIGN(result.certificate, openssl::read_certificate(crypto, ca.certificate_pem));
  const ByteView pem = ca.private_key_pem.expose();
  const openssl::Bio bio(pem.empty() ? nullptr : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio) {
    result.key.reset(
        PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, openssl::refuse_passphrase, nullptr, crypto.library(), nullptr));
  }
  if (!result.key) {
    return bad("the private key of the local CA is not an unencrypted key in PEM form; replace the file");
  }
  if (X509_check_private_key(result.certificate.get(), result.key.get()) != 1) {
    return bad("the private key of the local CA does not belong to its certificate; restore the pair or make a new CA");
  }
  if (X509_check_ca(result.certificate.get()) != 1) {
    return bad("the certificate of the local CA is not one of a CA; restore the file or make a new CA");
  }
  TRY_ASSIGN(result.not_after, openssl::to_timestamp(X509_get0_notAfter(result.certificate.get())));
  if (result.not_after <= now) return bad("the certificate of the local CA has expired; make a new CA");
  return result;
}

}  // namespace

Result<CertificateAndKey> make_local_ca(CryptoContext& crypto, Timestamp now, std::string_view short_id) {
  if (short_id.empty() || short_id.size() > kMaxShortIdSize ||
      !std::ranges::all_of(short_id, [](char c) { return is_letter_or_digit(c) || c == '-'; })) {
    return bad("the short id of a local CA has 1 to 32 letters, digits and hyphens");
  }
  TRY_ASSIGN(const openssl::Key key, make_key(crypto));
  CertificateBuilder builder(crypto, key.get());
  builder.set_subject(fmt::format("Kagimori local CA {}", short_id));
  builder.set_issuer(builder.get());
  builder.set_validity(now.plus_seconds(-kClockSlackSeconds), now.plus_days(kCaDays));
  builder.add_basic_constraints(true);
  builder.add_key_usage({kKeyCertSign, kCrlSign});
  builder.add_subject_key_id();
  TRY_ASSIGN(const openssl::Certificate certificate, builder.sign(key.get()));
  return to_pem(certificate.get(), key.get());
}

Result<CertificateAndKey> make_server_certificate(CryptoContext& crypto, Timestamp now, const CertificateAndKey& ca,
                                                  const ServerNames& names) {
  TRY_ASSIGN(const openssl::AltNames alternatives, alternative_names(names));
  TRY_ASSIGN(const CertificateAuthority authority, read_ca(crypto, now, ca));
  TRY_ASSIGN(const openssl::Key key, make_key(crypto));
  CertificateBuilder builder(crypto, key.get());
  builder.set_subject("localhost");
  builder.set_issuer(authority.certificate.get());
  builder.set_validity(now.plus_seconds(-kClockSlackSeconds),
                       std::min(now.plus_days(kServerDays), authority.not_after));
  builder.add_basic_constraints(false);
  builder.add_key_usage({kDigitalSignature});
  builder.add_server_auth();
  builder.add_alternative_names(alternatives.get());
  builder.add_subject_key_id();
  builder.add_authority_key_id(authority.certificate.get());
  TRY_ASSIGN(const openssl::Certificate certificate, builder.sign(authority.key.get()));
  return to_pem(certificate.get(), key.get());
}

}  // namespace kagimori
