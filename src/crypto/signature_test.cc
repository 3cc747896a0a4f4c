#include "crypto/signature.h"

#include <openssl/err.h>

#include <future>
#include <optional>
#include <thread>

#include "base/encoding.h"
#include "crypto/golden_key_test.h"
#include "crypto/key_fields.h"
#include "crypto/private_key_form.h"

namespace kagimori {
namespace {

constexpr std::array kSchemes = {
    SignatureScheme::kPssSha256,   SignatureScheme::kPssSha384,     SignatureScheme::kPssSha512,
    SignatureScheme::kPkcs1Sha256, SignatureScheme::kPkcs1Sha384,   SignatureScheme::kPkcs1Sha512,
    SignatureScheme::kEcdsaSha256, SignatureScheme::kEcdsaSha384,   SignatureScheme::kEcdsaSha512,
    SignatureScheme::kSm2dsa,      SignatureScheme::kMlDsaShake256, SignatureScheme::kEd25519,
    SignatureScheme::kEd25519ph};
constexpr std::array kForms = {MessageForm::kRaw, MessageForm::kDigest, MessageForm::kExternalMu};

Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

Bytes message_for(SignatureScheme scheme, MessageForm form) {
  return Bytes(form == MessageForm::kRaw ? 100 : digest_bytes(scheme), 0x5a);
}

class SignatureTest : public testing::Test {
 protected:
  PrivateKey key_of(KeyPairSpec spec, std::string_view secret) {
    const Bytes scalar = unhex(secret);
    KeyFields fields;
    fields.secret = scalar;
    Bytes half;
    if (key_pair_info(spec).field != 0) {
      half = derive_point(*crypto_, spec, scalar).value();
      fields.public_key = half;
    }
    return PrivateKey(spec, make_key(*crypto_, spec, KeyHalf::kPrivate, fields).value(), crypto_->library());
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

// Every kind of key with every scheme in every form: those that fit sign and verify, all others are refused.
TEST_F(SignatureTest, EveryKindWithEverySchemeInEveryForm) {
  int signatures = 0;
  for (const KeyPairSpec spec : kAllKeyPairSpecs) {
    if (!supports(*crypto_, spec)) continue;
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey half = key.public_key(*crypto_).value();
    for (const SignatureScheme scheme : kSchemes) {
      for (const MessageForm form : kForms) {
        SCOPED_TRACE(std::string(key_pair_info(spec).name) + " scheme " + std::to_string(static_cast<int>(scheme)) +
                     " form " + std::to_string(static_cast<int>(form)));
        Bytes message = message_for(scheme, form);
        const Result<Bytes> signature = sign(*crypto_, key, scheme, form, message);
        const bool is_missing = scheme == SignatureScheme::kEd25519ph && !supports_ed25519ph(*crypto_);
        if (!fits(spec, scheme) || !fits(scheme, form) || is_missing) {
          const bool only_missing = fits(spec, scheme) && fits(scheme, form);
          EXPECT_EQ(code_of(signature), only_missing ? "UnsupportedOperation" : "Crypto");
          EXPECT_EQ(code_of(verify(*crypto_, half, scheme, form, message, Bytes(64))), code_of(signature));
          continue;
        }
        ++signatures;
        ASSERT_TRUE(signature) << signature.error().message;
        EXPECT_LE(signature->size(), key_pair_info(spec).max_signature);
        EXPECT_EQ(verify(*crypto_, half, scheme, form, message, *signature), true);
        message[0] ^= 1;
        EXPECT_EQ(verify(*crypto_, half, scheme, form, message, *signature), false);
        if (form != MessageForm::kRaw) {
          message.push_back(0);
          EXPECT_EQ(code_of(sign(*crypto_, key, scheme, form, message)), "Crypto");
          EXPECT_EQ(code_of(verify(*crypto_, half, scheme, form, message, *signature)), "Crypto");
        }
        EXPECT_EQ(ERR_peek_error(), 0U);
      }
    }
  }
  const int without_post_quantum = 3 * 6 * 2 + 4 * 3 * 2 + 2 + 1;
  EXPECT_EQ(signatures, without_post_quantum + (supports_ed25519ph(*crypto_) ? 1 : 0) +
                            (supports(*crypto_, KeyPairSpec::kMlDsa44) ? 3 * 2 : 0));
}

TEST_F(SignatureTest, AMessageMayBeEmpty) {
  for (const KeyPairSpec spec :
       {KeyPairSpec::kRsa2048, KeyPairSpec::kP256, KeyPairSpec::kEd25519, KeyPairSpec::kSm2, KeyPairSpec::kMlDsa44}) {
    if (!supports(*crypto_, spec)) continue;
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey half = key.public_key(*crypto_).value();
    for (const SignatureScheme scheme : kSchemes) {
      if (!fits(spec, scheme) || !fits(scheme, MessageForm::kRaw)) continue;
      const Result<Bytes> signature = sign(*crypto_, key, scheme, MessageForm::kRaw, {});
      ASSERT_TRUE(signature) << signature.error().message;
      EXPECT_EQ(verify(*crypto_, half, scheme, MessageForm::kRaw, {}, *signature), true);
    }
  }
}

TEST_F(SignatureTest, DigestAndMessageGiveTheSame) {
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kP384).value();
  const PublicKey half = key.public_key(*crypto_).value();
  const Bytes message = to_bytes(as_bytes("message"));
  const Bytes digest = hash(*crypto_, HashAlgorithm::kSha384, message).value();
  const Bytes by_digest = sign(*crypto_, key, SignatureScheme::kEcdsaSha384, MessageForm::kDigest, digest).value();
  EXPECT_EQ(verify(*crypto_, half, SignatureScheme::kEcdsaSha384, MessageForm::kRaw, message, by_digest), true);
}

// Whatever is no signature is a plain no, and leaves nothing in OpenSSL's queue.
TEST_F(SignatureTest, MalformedSignaturesAreFalseNotErrors) {
  for (const KeyPairSpec spec :
       {KeyPairSpec::kRsa2048, KeyPairSpec::kP256, KeyPairSpec::kSm2, KeyPairSpec::kEd25519, KeyPairSpec::kMlDsa44}) {
    if (!supports(*crypto_, spec)) continue;
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey half = key.public_key(*crypto_).value();
    for (const SignatureScheme scheme : kSchemes) {
      if (!fits(spec, scheme) || !fits(scheme, MessageForm::kRaw)) continue;
      const Bytes message(20, 1);
      const Bytes good = sign(*crypto_, key, scheme, MessageForm::kRaw, message).value();
      Bytes longer = good;
      longer.push_back(0);
      const Bytes shorter(good.begin(), good.end() - 1);
      for (const Bytes& bad : {Bytes{}, Bytes(1), Bytes(64), Bytes(good.size()), Bytes(good.size(), 0xff), longer,
                               shorter, Bytes(10000, 0x30), unhex("3006020100020100"), unhex("3006020101020101")}) {
        EXPECT_EQ(verify(*crypto_, half, scheme, MessageForm::kRaw, message, bad), false) << hex_encode(bad);
      }
      EXPECT_EQ(ERR_peek_error(), 0U);
    }
  }
}

// The same r and s in BER that is not DER.
TEST_F(SignatureTest, EcdsaAndSm2TakeStrictDerOnly) {
  for (const auto& [spec, scheme] : {std::pair{KeyPairSpec::kP256, SignatureScheme::kEcdsaSha256},
                                     std::pair{KeyPairSpec::kSm2, SignatureScheme::kSm2dsa}}) {
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey half = key.public_key(*crypto_).value();
    const Bytes good = sign(*crypto_, key, scheme, MessageForm::kRaw, as_bytes("message")).value();
    Bytes long_length = good;  // 30 81 len instead of 30 len
    long_length.insert(long_length.begin() + 1, 0x81);
    Bytes padded = good;  // a needless zero before r
    padded.insert(padded.begin() + 4, 0x00);
    ++padded[1];
    ++padded[3];
    EXPECT_EQ(verify(*crypto_, half, scheme, MessageForm::kRaw, as_bytes("message"), good), true);
    EXPECT_EQ(verify(*crypto_, half, scheme, MessageForm::kRaw, as_bytes("message"), long_length), false);
    EXPECT_EQ(verify(*crypto_, half, scheme, MessageForm::kRaw, as_bytes("message"), padded), false);
  }
}

// The salt is as long as the hash, and only such a one verifies.
TEST_F(SignatureTest, PssSaltsAreRandomAndOfTheSizeOfTheHash) {
  const PrivateKey key = golden_rsa_key(*crypto_);
  const Bytes digest(32, 1);
  const Bytes a = sign(*crypto_, key, SignatureScheme::kPssSha256, MessageForm::kDigest, digest).value();
  const Bytes b = sign(*crypto_, key, SignatureScheme::kPssSha256, MessageForm::kDigest, digest).value();
  EXPECT_NE(a, b);
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto_->library(), key.handle(), nullptr));
  const auto text = [](const char* name, const char* value) {
    return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
  };
  const std::array<OSSL_PARAM, 4> params = {text(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS),
                                            text(OSSL_SIGNATURE_PARAM_DIGEST, "SHA256"),
                                            text(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "20"), OSSL_PARAM_construct_end()};
  ASSERT_EQ(EVP_PKEY_sign_init_ex(context.get(), params.data()), 1);
  Bytes short_salt(256);
  std::size_t size = short_salt.size();
  ASSERT_EQ(EVP_PKEY_sign(context.get(), short_salt.data(), &size, digest.data(), digest.size()), 1);
  const PublicKey half = key.public_key(*crypto_).value();
  EXPECT_EQ(verify(*crypto_, half, SignatureScheme::kPssSha256, MessageForm::kDigest, digest, a), true);
  EXPECT_EQ(verify(*crypto_, half, SignatureScheme::kPssSha256, MessageForm::kDigest, digest, short_salt), false);
}

// GM/T 0003.5-2012, annex A.2: the recommended curve, the identifier 1234567812345678, the message "message digest".
TEST_F(SignatureTest, KnownAnswerOfSm2) {
  const PrivateKey key = key_of(KeyPairSpec::kSm2, "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
  const PublicKey half = key.public_key(*crypto_).value();
  const Bytes signature = unhex(
      "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3022100b1b6aa29df212fd8763182bc0d421ca1"
      "bb9038fd1f7f42d4840b69c485bbc1aa");
  EXPECT_EQ(verify(*crypto_, half, SignatureScheme::kSm2dsa, MessageForm::kRaw, as_bytes("message digest"), signature),
            true);
  // e = SM3(Z | M) of the same annex.
  const Bytes digest = unhex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  EXPECT_EQ(verify(*crypto_, half, SignatureScheme::kSm2dsa, MessageForm::kDigest, digest, signature), true);
}

// The key of RFC 8032 section 7.3; the expected value was computed with the program of its appendix A, changed to
// Ed25519ph, which also gives that section's answer for "abc". The message is the digest, and is hashed once more.
TEST_F(SignatureTest, KnownAnswerOfEd25519phOverADigest) {
  if (!supports_ed25519ph(*crypto_)) GTEST_SKIP() << loaded_openssl() << " has no Ed25519ph";
  const PrivateKey key =
      key_of(KeyPairSpec::kEd25519, "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
  const Bytes digest = hash(*crypto_, HashAlgorithm::kSha512, as_bytes("abc")).value();
  EXPECT_EQ(hex_encode(*sign(*crypto_, key, SignatureScheme::kEd25519ph, MessageForm::kDigest, digest)),
            "914dc6538ac512db8ffbdfbbf9c2fd2c1e5c915ff5d708751ad2d3a1425f0c9b"
            "fa3f1da6d93e5c7fc5b106b536f7263a3db68e4a285f30e4bd7e8b9f93d42f0e");
}

TEST_F(SignatureTest, OneKeyServesManyThreadsEachWithItsOwnContext) {
  for (const auto& [spec, scheme] : {std::pair{KeyPairSpec::kRsa2048, SignatureScheme::kPssSha256},
                                     std::pair{KeyPairSpec::kP256, SignatureScheme::kEcdsaSha256},
                                     std::pair{KeyPairSpec::kEd25519, SignatureScheme::kEd25519},
                                     std::pair{KeyPairSpec::kSm2, SignatureScheme::kSm2dsa},
                                     std::pair{KeyPairSpec::kMlDsa44, SignatureScheme::kMlDsaShake256}}) {
    if (!supports(*crypto_, spec)) continue;
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey half = key.public_key(*crypto_).value();
    std::array<int, 4> good{};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < good.size(); ++i) {
      threads.emplace_back([&, chosen = scheme, i] {
        const auto mine = CryptoContext::create().value();
        for (std::uint8_t round = 0; round < 25; ++round) {
          const Bytes message(10, round);
          const Bytes signature = sign(*mine, key, chosen, MessageForm::kRaw, message).value();
          good.at(i) += verify(*mine, half, chosen, MessageForm::kRaw, message, signature).value() ? 1 : 0;
          good.at(i) += key.parameters() && half.spki() && key.spki() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(good, testing::Each(50)) << key_pair_info(spec).name;
  }
}

// OpenSSL would keep state of the thread in the key's library, and look for it there when the thread ends.
TEST_F(SignatureTest, AThreadMayOutliveTheContextOfAKeyThatItUsed) {
  auto home = CryptoContext::create().value();
  std::optional<PrivateKey> key(PrivateKey::generate(*home, KeyPairSpec::kP256).value());
  std::promise<bool> used;
  std::promise<void> gone;
  std::thread thread([&key, &used, end = gone.get_future()]() mutable {
    const auto mine = CryptoContext::create().value();
    used.set_value(
        sign(*mine, *key, SignatureScheme::kEcdsaSha256, MessageForm::kRaw, as_bytes("message")).has_value());
    end.wait();
  });
  EXPECT_TRUE(used.get_future().get());
  key.reset();
  home.reset();
  gone.set_value();
  thread.join();
}

}  // namespace
}  // namespace kagimori
