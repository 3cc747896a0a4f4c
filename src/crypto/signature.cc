#include "crypto/signature.h"

#include <fmt/format.h>

#include <optional>

#include "crypto/key_fields.h"

namespace kagimori {
namespace {

enum class Padding : std::uint8_t { kNone, kPss, kPkcs1 };

struct Scheme {
  KeyPairFamily family;
  std::string_view name;  // for people
  Padding padding;
  std::optional<HashAlgorithm> hash;  // what a raw message is hashed by, before OpenSSL sees it
  std::size_t digest_bytes;
  bool takes_raw;
  bool takes_digest;
  bool takes_mu;
};

constexpr std::size_t kSm3Size = 32;
constexpr std::size_t kMuSize = 64;
constexpr std::size_t kSha512Size = 64;
constexpr std::string_view kSm2Identifier = "1234567812345678";

constexpr Scheme hashed(KeyPairFamily family, std::string_view name, Padding padding, HashAlgorithm hash,
                        std::size_t digest_bytes) {
  return {family, name, padding, hash, digest_bytes, true, true, false};
}

// In the order of SignatureScheme.
constexpr std::array<Scheme, 13> kSchemes = {{
    hashed(KeyPairFamily::kRsa, "RSASSA-PSS with SHA-256", Padding::kPss, HashAlgorithm::kSha256, 32),
    hashed(KeyPairFamily::kRsa, "RSASSA-PSS with SHA-384", Padding::kPss, HashAlgorithm::kSha384, 48),
    hashed(KeyPairFamily::kRsa, "RSASSA-PSS with SHA-512", Padding::kPss, HashAlgorithm::kSha512, 64),
    hashed(KeyPairFamily::kRsa, "RSASSA-PKCS1-v1_5 with SHA-256", Padding::kPkcs1, HashAlgorithm::kSha256, 32),
    hashed(KeyPairFamily::kRsa, "RSASSA-PKCS1-v1_5 with SHA-384", Padding::kPkcs1, HashAlgorithm::kSha384, 48),
    hashed(KeyPairFamily::kRsa, "RSASSA-PKCS1-v1_5 with SHA-512", Padding::kPkcs1, HashAlgorithm::kSha512, 64),
    hashed(KeyPairFamily::kEc, "ECDSA with SHA-256", Padding::kNone, HashAlgorithm::kSha256, 32),
    hashed(KeyPairFamily::kEc, "ECDSA with SHA-384", Padding::kNone, HashAlgorithm::kSha384, 48),
    hashed(KeyPairFamily::kEc, "ECDSA with SHA-512", Padding::kNone, HashAlgorithm::kSha512, 64),
    {KeyPairFamily::kSm2, "SM2DSA", Padding::kNone, std::nullopt, kSm3Size, true, true, false},
    {KeyPairFamily::kMlDsa, "ML-DSA", Padding::kNone, std::nullopt, kMuSize, true, false, true},
    {KeyPairFamily::kEd25519, "Ed25519", Padding::kNone, std::nullopt, 0, true, false, false},
    {KeyPairFamily::kEd25519, "Ed25519ph", Padding::kNone, std::nullopt, kSha512Size, false, true, false},
}};

const Scheme& traits(SignatureScheme scheme) { return kSchemes.at(static_cast<std::size_t>(scheme)); }

// A request to sign or to verify, checked.
struct Job {
  const Scheme& scheme;
  SignatureScheme id;
  MessageForm form;
  EVP_PKEY* key;
  OSSL_LIB_CTX* library;
};

Status check(const CryptoContext& crypto, KeyPairSpec spec, SignatureScheme scheme, MessageForm form,
             ByteView message) {
  const Scheme& wanted = traits(scheme);
  if (!fits(spec, scheme)) {
    return fail(ErrorCode::kCrypto,
                fmt::format("A key of {} does not sign by {}.", key_pair_info(spec).name, wanted.name));
  }
  if (!fits(scheme, form)) {
    return fail(ErrorCode::kCrypto, fmt::format("{} does not take messages in this form.", wanted.name));
  }
  if (form != MessageForm::kRaw && message.size() != wanted.digest_bytes) {
    return fail(ErrorCode::kCrypto, fmt::format("{} takes a digest of {} bytes, not {}.", wanted.name,
                                                wanted.digest_bytes, message.size()));
  }
  if (scheme == SignatureScheme::kEd25519ph && !supports_ed25519ph(crypto)) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("This server runs with {}, which has no Ed25519ph; that needs OpenSSL 3.2 or later, as in "
                            "Debian 13.",
                            loaded_openssl()));
  }
  return {};
}

enum class Direction : std::uint8_t { kSign, kVerify };

// RSA, ECDSA and SM2DSA over a finished digest.
Result<openssl::KeyContext> digest_context(const Job& job, Direction direction) {
  openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(job.library, job.key, nullptr));
  if (!context) return openssl::failure("prepare a signature");
  const auto text = [](const char* name, const char* value) {
    return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
  };
  std::array<OSSL_PARAM, 5> params;
  std::size_t count = 0;
  if (job.scheme.hash) {
    const char* const hash_name = openssl::digest_name(*job.scheme.hash);
    params.at(count++) = text(OSSL_SIGNATURE_PARAM_DIGEST, hash_name);
    if (job.scheme.padding == Padding::kPss) {
      params.at(count++) = text(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS);
      params.at(count++) = text(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash_name);
      params.at(count++) = text(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
    } else if (job.scheme.padding == Padding::kPkcs1) {
      params.at(count++) = text(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    }
  }
  params.at(count) = OSSL_PARAM_construct_end();
  const auto init = direction == Direction::kSign ? EVP_PKEY_sign_init_ex : EVP_PKEY_verify_init_ex;
  if (init(context.get(), params.data()) != 1) return openssl::failure("set up a signature");
  return context;
}

// Ed25519, ML-DSA, and SM2DSA over a message: schemes that see all of the message.
Result<openssl::DigestContext> message_context(const Job& job, Direction direction) {
  openssl::DigestContext context(EVP_MD_CTX_new());
  if (!context) return openssl::failure("prepare a signature");
  int one = 1;
  const bool is_sm2 = job.id == SignatureScheme::kSm2dsa;
  std::array<OSSL_PARAM, 2> params = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (job.id == SignatureScheme::kEd25519ph) {
    params[0] = OSSL_PARAM_construct_utf8_string(openssl::kInstanceParam, const_cast<char*>("Ed25519ph"), 0);
  } else if (job.form == MessageForm::kExternalMu) {
    params[0] = OSSL_PARAM_construct_int(openssl::kMuParam, &one);
  }
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  const auto init = direction == Direction::kSign ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex;
  if (init(context.get(), &key_context, is_sm2 ? "SM3" : nullptr, job.library, nullptr, job.key, params.data()) != 1 ||
      // OpenSSL 3.0 takes the identifier only after the start.
      (is_sm2 && EVP_PKEY_CTX_set1_id(key_context, kSm2Identifier.data(), kSm2Identifier.size()) != 1)) {
    return openssl::failure("set up a signature");
  }
  return context;
}

// Whether OpenSSL gets a digest; else it gets the message.
bool works_on_digest(const Job& job) {
  return job.scheme.hash || (job.id == SignatureScheme::kSm2dsa && job.form == MessageForm::kDigest);
}

// The digest for OpenSSL to work on. `memory` holds it where it is made here.
Result<ByteView> digest_of(CryptoContext& crypto, const Job& job, ByteView message, Bytes& memory) {
  if (job.form == MessageForm::kDigest || !job.scheme.hash) return message;
  TRY_ASSIGN(memory, hash(crypto, *job.scheme.hash, message));
  return ByteView(memory);
}

}  // namespace

std::size_t digest_bytes(SignatureScheme scheme) { return traits(scheme).digest_bytes; }

bool fits(KeyPairSpec spec, SignatureScheme scheme) { return key_pair_info(spec).family == traits(scheme).family; }

bool fits(SignatureScheme scheme, MessageForm form) {
  const Scheme& wanted = traits(scheme);
  switch (form) {
    case MessageForm::kRaw:
      return wanted.takes_raw;
    case MessageForm::kDigest:
      return wanted.takes_digest;
    case MessageForm::kExternalMu:
      return wanted.takes_mu;
  }
  return false;
}

Result<Bytes> sign(CryptoContext& crypto, const PrivateKey& key, SignatureScheme scheme, MessageForm form,
                   ByteView message) {
  TRY(check(crypto, key.spec(), scheme, form, message));
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const Job job{traits(scheme), scheme, form, local.get(), crypto.library()};
  Bytes signature(key_pair_info(key.spec()).max_signature);
  std::size_t size = signature.size();
  bool good = false;
  if (works_on_digest(job)) {
    Bytes memory;
    TRY_ASSIGN(const ByteView digest, digest_of(crypto, job, message, memory));
    TRY_ASSIGN(const openssl::KeyContext context, digest_context(job, Direction::kSign));
    good = EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) == 1;
  } else {
    TRY_ASSIGN(const openssl::DigestContext context, message_context(job, Direction::kSign));
    good = EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1;
  }
  if (!good || size > signature.size()) return openssl::failure("sign");
  signature.resize(size);
  return signature;
}

Result<bool> verify(CryptoContext& crypto, const PublicKey& key, SignatureScheme scheme, MessageForm form,
                    ByteView message, ByteView signature) {
  TRY(check(crypto, key.spec(), scheme, form, message));
  TRY_ASSIGN(const LocalKey local, LocalKey::of(crypto, key));
  const Job job{traits(scheme), scheme, form, local.get(), crypto.library()};
  bool good = false;
  if (works_on_digest(job)) {
    Bytes memory;
    TRY_ASSIGN(const ByteView digest, digest_of(crypto, job, message, memory));
    TRY_ASSIGN(const openssl::KeyContext context, digest_context(job, Direction::kVerify));
    good = EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  } else {
    TRY_ASSIGN(const openssl::DigestContext context, message_context(job, Direction::kVerify));
    good = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  }
  openssl::forget_errors();
  return good;
}

}  // namespace kagimori
