#include "crypto/private_key.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <thread>

#include "base/encoding.h"
#include "crypto/key_handles.h"
#include "crypto/signature.h"

namespace kagimori {
namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

std::string name_of(const testing::TestParamInfo<KeyPairSpec>& info) {
  std::string name(key_pair_info(info.param).name);
  std::erase(name, '-');
  return name;
}

// OpenSSL's own PKCS#8.
Bytes openssl_pkcs8(EVP_PKEY* key) {
  const openssl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key));
  Bytes der(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)));
  std::uint8_t* out = der.data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out);
  return der;
}

Bytes openssl_spki(EVP_PKEY* key) {
  Bytes der(static_cast<std::size_t>(i2d_PUBKEY(key, nullptr)));
  std::uint8_t* out = der.data();
  i2d_PUBKEY(key, &out);
  return der;
}

class PrivateKeyTest : public testing::TestWithParam<KeyPairSpec> {
 protected:
  void SetUp() override {
    if (!supports(*crypto_, GetParam())) {
      GTEST_SKIP() << loaded_openssl() << " has no " << key_pair_info(GetParam()).name;
    }
  }
  PrivateKey generate() { return PrivateKey::generate(*crypto_, GetParam()).value(); }
  bool is_module_lattice() const { return key_pair_info(GetParam()).expanded_key != 0; }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

INSTANTIATE_TEST_SUITE_P(All, PrivateKeyTest, testing::ValuesIn(kAllKeyPairSpecs), name_of);

TEST_P(PrivateKeyTest, GoesThroughItsStoredFormAndComesOutTheSame) {
  const PrivateKey key = generate();
  const SecretBytes parameters = key.parameters().value();
  const PrivateKey again = PrivateKey::from_parameters(*crypto_, GetParam(), parameters.expose()).value();
  EXPECT_EQ(again.spec(), GetParam());
  EXPECT_EQ(EVP_PKEY_eq(key.handle(), again.handle()), 1);
  EXPECT_EQ(to_bytes(again.parameters()->expose()), to_bytes(parameters.expose()));
  EXPECT_EQ(to_bytes(again.pkcs8()->expose()), to_bytes(key.pkcs8()->expose()));
}

TEST_P(PrivateKeyTest, GoesThroughPkcs8AndComesOutTheSame) {
  const PrivateKey key = generate();
  const SecretBytes der = key.pkcs8().value();
  const Result<PrivateKey> again = PrivateKey::from_pkcs8(*crypto_, GetParam(), der.expose());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_bytes(again->pkcs8()->expose()), to_bytes(der.expose()));
  EXPECT_EQ(to_bytes(again->parameters()->expose()), to_bytes(key.parameters()->expose()));
}

TEST_P(PrivateKeyTest, WritesWhatOpensslWritesAndReadsItsForm) {
  const PrivateKey key = generate();
  EXPECT_EQ(*key.spki(), openssl_spki(key.handle()));
  const Bytes theirs = openssl_pkcs8(key.handle());
  if (!is_module_lattice()) {
    EXPECT_EQ(hex_encode(key.pkcs8()->expose()), hex_encode(theirs));
  }
  const Result<PrivateKey> from_theirs = PrivateKey::from_pkcs8(*crypto_, GetParam(), theirs);
  ASSERT_TRUE(from_theirs) << from_theirs.error().message;
  EXPECT_EQ(to_bytes(from_theirs->parameters()->expose()), to_bytes(key.parameters()->expose()));
  const SecretBytes der = key.pkcs8().value();
  const std::uint8_t* in = der.expose().data();
  const openssl::Key read(
      d2i_AutoPrivateKey_ex(nullptr, &in, static_cast<long>(der.size()), crypto_->library(), nullptr));
  ASSERT_TRUE(read);
  EXPECT_EQ(EVP_PKEY_eq(read.get(), key.handle()), 1);
}

TEST_P(PrivateKeyTest, ThePublicHalfGoesThroughSpkiAndHoldsNothingPrivate) {
  const PrivateKey key = generate();
  const Bytes spki = key.spki().value();
  const PublicKey half = key.public_key(*crypto_).value();
  const PublicKey read = PublicKey::from_spki(*crypto_, GetParam(), spki).value();
  EXPECT_EQ(*half.spki(), spki);
  EXPECT_EQ(*read.spki(), spki);
  EXPECT_EQ(EVP_PKEY_eq(half.handle(), key.handle()), 1);
  // OpenSSL writes no private key from it.
  const openssl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(half.handle()));
  openssl::forget_errors();
  EXPECT_FALSE(info);
}

}  // namespace
}  // namespace kagimori
