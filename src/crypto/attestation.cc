#include "crypto/attestation.h"

#include <fmt/format.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>

#include "crypto/der.h"
#include "crypto/signature.h"
#include "crypto/x509_handles.h"

namespace kagimori {
namespace {

using openssl::Certificate;
using openssl::Handle;
using Store = Handle<X509_STORE, X509_STORE_free>;
using StoreContext = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;
using Cms = Handle<CMS_ContentInfo, CMS_ContentInfo_free>;
using Chain = Handle<BIO, BIO_free_all>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

constexpr std::size_t kCoordinate = 48;  // bytes, of ES384
constexpr KeyPairSpec kRsaSpecs[] = {KeyPairSpec::kRsa2048, KeyPairSpec::kRsa3072, KeyPairSpec::kRsa4096};

tl::unexpected<Error> invalid(std::string_view why) {
  openssl::forget_errors();
  return fail(ErrorCode::kValidation, fmt::format("The attestation document is not valid: {}", why));
}

Result<Certificate> read_der(CryptoContext& crypto, ByteView der) {
  X509* made = X509_new_ex(crypto.library(), nullptr);
  const unsigned char* at = der.data();
  const bool good = made != nullptr && d2i_X509(&made, &at, static_cast<long>(der.size())) != nullptr;
  Certificate certificate(made);
  if (!good || at != der.data() + der.size()) return invalid("a certificate can't be read.");
  return certificate;
}

// The certificates of a PEM text.
Result<Stack> read_roots(CryptoContext& crypto, std::string_view text) {
  const openssl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Stack roots(sk_X509_new_null());
  if (!bio || !roots) return openssl::failure("read certificates");
  for (;;) {
    X509* certificate = X509_new_ex(crypto.library(), nullptr);
    if (PEM_read_bio_X509(bio.get(), &certificate, openssl::refuse_passphrase, nullptr) == nullptr) {
      X509_free(certificate);
      break;
    }
    if (sk_X509_push(roots.get(), certificate) <= 0) {
      X509_free(certificate);
      return openssl::failure("read certificates");
    }
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  openssl::forget_errors();
  if (at_the_end && sk_X509_num(roots.get()) > 0) return roots;
  return fail(ErrorCode::kBadConfiguration, "it holds no certificates in PEM, or one of them is damaged");
}

Status check_chain(CryptoContext& crypto, std::string_view roots, Timestamp now, X509* leaf,
                   std::span<const ByteView> bundle) {
  TRY_ASSIGN(const Stack anchors, read_roots(crypto, roots));
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new_ex(crypto.library(), nullptr));
  const Stack between(sk_X509_new_null());
  if (!store || !context || !between) return openssl::failure("check certificates");
  for (int i = 0; i < sk_X509_num(anchors.get()); ++i) {
    if (X509_STORE_add_cert(store.get(), sk_X509_value(anchors.get(), i)) != 1) {
      return openssl::failure("check certificates");
    }
  }
  for (const ByteView der : bundle) {
    TRY_ASSIGN(Certificate certificate, read_der(crypto, der));
    if (sk_X509_push(between.get(), certificate.get()) <= 0) return openssl::failure("check certificates");
    static_cast<void>(certificate.release());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, between.get()) != 1) {
    return openssl::failure("check certificates");
  }
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, now.seconds());
  X509_VERIFY_PARAM_set_depth(rules, static_cast<int>(bundle.size()) + 1);
  if (X509_verify_cert(context.get()) == 1) return {};
  return invalid(fmt::format("its certificate does not lead to a configured root: {}.",
                             X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))));
}

Result<PublicKey> key_of(CryptoContext& crypto, X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return openssl::failure("read the key of a certificate");
  auto key = PublicKey::from_spki(crypto, KeyPairSpec::kP384, ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  if (!key) return invalid("the key of its certificate is not one of P-384.");
  return key;
}

ByteView without_leading_zeros(ByteView number) {
  while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  return number;
}

// r and s as the DER that OpenSSL takes.
Bytes der_signature(ByteView signature) {
  der::BackwardWriter out(2 * kCoordinate + 16);
  const std::size_t end = out.mark();
  out.unsigned_integer(without_leading_zeros(signature.subspan(kCoordinate)));
  out.unsigned_integer(without_leading_zeros(signature.first(kCoordinate)));
  out.wrap(der::kSequence, end);
  return to_bytes(out.written());
}

// CMS names recipients by certificates. This one, which nobody has signed, exists for its key and the identifier of
// that alone; OpenSSL wants to be able to encode it.
Result<Certificate> certificate_for(CryptoContext& crypto, ByteView spki, ByteView key_identifier) {
  constexpr std::array<std::uint8_t, 13> kSha256WithRsa = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                           0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
  constexpr std::array<std::uint8_t, 3> kSubjectKeyIdentifier = {0x55, 0x1d, 0x0e};
  constexpr std::string_view kEpoch = "700101000000Z";
  constexpr std::uint8_t kUtcTime = 0x17;
  der::BackwardWriter out(spki.size() + 256);
  const std::size_t end = out.mark();
  out.wrap_bit_string(end);
  out.element(der::kSequence, kSha256WithRsa);
  const std::size_t tbs_end = out.mark();
  out.element(der::kOctetString, key_identifier);
  out.wrap(der::kOctetString, tbs_end);
  out.element(der::kObjectIdentifier, kSubjectKeyIdentifier);
  for (const std::uint8_t tag : {der::kSequence, der::kSequence, der::context_constructed(3)}) out.wrap(tag, tbs_end);
  out.raw(spki);
  out.element(der::kSequence, {});  // subject
  const std::size_t validity_end = out.mark();
  out.element(kUtcTime, as_bytes(kEpoch));
  out.element(kUtcTime, as_bytes(kEpoch));
  out.wrap(der::kSequence, validity_end);
  out.element(der::kSequence, {});  // issuer
  out.element(der::kSequence, kSha256WithRsa);
  out.unsigned_integer(Bytes{1});  // serial number
  const std::size_t version_end = out.mark();
  out.unsigned_integer(Bytes{2});
  out.wrap(der::context_constructed(0), version_end);
  out.wrap(der::kSequence, tbs_end);
  out.wrap(der::kSequence, end);
  return read_der(crypto, out.written());
}

// The SHA-1 of the key's bits (RFC 5280 section 4.2.1.2, method 1).
Result<Bytes> key_identifier(CryptoContext& crypto, ByteView spki) {
  der::Reader reader(spki);
  TRY_ASSIGN(der::Reader info, reader.enter(der::kSequence));
  TRY(info.element(der::kSequence));
  TRY_ASSIGN(const ByteView key, info.bit_string());
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  const EVP_MD* const sha1 = crypto.algorithms().digest(HashAlgorithm::kSha1);
  if (EVP_Digest(key.data(), key.size(), digest.data(), &size, sha1, nullptr) != 1)
    return openssl::failure("hash a key");
  digest.resize(size);
  return digest;
}

Status add_recipient(CryptoContext& crypto, CMS_ContentInfo* cms, X509* certificate) {
  CMS_RecipientInfo* const recipient = CMS_add1_recipient_cert(cms, certificate, CMS_USE_KEYID | CMS_KEY_PARAM);
  EVP_PKEY_CTX* const key = recipient == nullptr ? nullptr : CMS_RecipientInfo_get0_pkey_ctx(recipient);
  const EVP_MD* const sha256 = crypto.algorithms().digest(HashAlgorithm::kSha256);
  const bool added = key != nullptr && EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_OAEP_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_oaep_md(key, sha256) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(key, sha256) == 1;
  return added ? Status() : Status(openssl::failure("add the recipient of an envelope"));
}

}  // namespace

Result<Timestamp> verify_attestation_signature(CryptoContext& crypto, std::string_view roots, Timestamp now,
                                               const AttestationSignature& attestation) {
  if (attestation.signature.size() != 2 * kCoordinate) return invalid("its signature is not one of ES384.");
  TRY_ASSIGN(const Certificate leaf, read_der(crypto, attestation.certificate));
  TRY(check_chain(crypto, roots, now, leaf.get(), attestation.ca_bundle));
  if (X509_check_ca(leaf.get()) != 0 || (X509_get_key_usage(leaf.get()) & KU_DIGITAL_SIGNATURE) == 0) {
    return invalid("its certificate is not one to sign documents with.");
  }
  TRY_ASSIGN(const PublicKey key, key_of(crypto, leaf.get()));
  TRY_ASSIGN(const bool good, verify(crypto, key, SignatureScheme::kEcdsaSha384, MessageForm::kRaw,
                                     attestation.signed_bytes, der_signature(attestation.signature)));
  if (!good) return invalid("its signature does not match.");
  return openssl::to_timestamp(X509_get0_notAfter(leaf.get()));
}

Result<std::size_t> count_trust_roots(CryptoContext& crypto, std::string_view roots) {
  TRY_ASSIGN(const Stack read, read_roots(crypto, roots));
  for (int i = 0; i < sk_X509_num(read.get()); ++i) {
    if (X509_self_signed(sk_X509_value(read.get(), i), 1) == 1) continue;
    openssl::forget_errors();
    return fail(ErrorCode::kBadConfiguration, "one of its certificates is not self-signed, so it is no root");
  }
  return static_cast<std::size_t>(sk_X509_num(read.get()));
}

Status check_recipient_key(CryptoContext& crypto, ByteView spki) {
  for (const KeyPairSpec spec : kRsaSpecs) {
    if (PublicKey::from_spki(crypto, spec, spki)) return {};
  }
  return invalid("its public key is not one of RSA with 2048, 3072 or 4096 bits.");
}

Result<Bytes> envelope_for_recipient(CryptoContext& crypto, ByteView spki, ByteView plaintext) {
  TRY(check_recipient_key(crypto, spki));
  TRY_ASSIGN(const Bytes identifier, key_identifier(crypto, spki));
  TRY_ASSIGN(const Certificate certificate, certificate_for(crypto, spki, identifier));
  const Cms cms(CMS_EnvelopedData_create_ex(crypto.algorithms().aes256cbc.get(), crypto.library(), nullptr));
  if (!cms || CMS_set_detached(cms.get(), 0) != 1) return openssl::failure("make an envelope");
  TRY(add_recipient(crypto, cms.get(), certificate.get()));
  // Not CMS_final(), whose buffers keep the plaintext.
  const Chain into(CMS_dataInit(cms.get(), nullptr));
  const auto size_in = static_cast<int>(plaintext.size());
  if (!into || BIO_write(into.get(), plaintext.data(), size_in) != size_in || BIO_flush(into.get()) != 1 ||
      CMS_dataFinal(cms.get(), into.get()) != 1) {
    return openssl::failure("fill an envelope");
  }
  unsigned char* der = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &der);
  if (size <= 0) return openssl::failure("write an envelope");
  Bytes written(der, der + size);
  OPENSSL_free(der);
  return written;
}

}  // namespace kagimori
