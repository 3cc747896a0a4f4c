#include "crypto/key_pair_spec.h"

#include <iostream>
#include <set>

#include "crypto/key_handles.h"

namespace kagimori {
namespace {

TEST(KeyPairSpecTest, TheTableIsInTheOrderOfTheNumbers) {
  std::size_t number = 1;
  std::set<std::string_view> names;
  for (const KeyPairSpec spec : kAllKeyPairSpecs) {
    EXPECT_EQ(static_cast<std::size_t>(spec), number++);
    names.insert(key_pair_info(spec).name);
  }
  EXPECT_EQ(names.size(), kAllKeyPairSpecs.size());
  EXPECT_EQ(key_pair_info(KeyPairSpec::kRsa4096).modulus, 512U);
  EXPECT_EQ(key_pair_info(KeyPairSpec::kP521).field, 66U);
  EXPECT_EQ(key_pair_info(KeyPairSpec::kEd25519).max_signature, 64U);
  EXPECT_EQ(key_pair_info(KeyPairSpec::kSm2).name, "SM2");
  EXPECT_EQ(key_pair_info(KeyPairSpec::kMlDsa87).max_signature, 4627U);
  EXPECT_EQ(key_pair_info(KeyPairSpec::kMlKem1024).kem_ciphertext, 1568U);
}

// ML-DSA and ML-KEM came with OpenSSL 3.5, Ed25519ph with 3.2; everything else is in all of them.
TEST(KeyPairSpecTest, WhatIsSupportedFollowsTheLoadedOpenssl) {
  const auto crypto = CryptoContext::create().value();
  const bool has_post_quantum = OpenSSL_version_num() >= 0x30500000L;
  std::cout << "loaded: " << loaded_openssl() << "; ML-DSA and ML-KEM: " << (has_post_quantum ? "yes" : "no")
            << "; Ed25519ph: " << (supports_ed25519ph(*crypto) ? "yes" : "no") << '\n';
  for (const KeyPairSpec spec : kAllKeyPairSpecs) {
    const KeyPairFamily family = key_pair_info(spec).family;
    const bool is_post_quantum = family == KeyPairFamily::kMlDsa || family == KeyPairFamily::kMlKem;
    EXPECT_EQ(supports(*crypto, spec), !is_post_quantum || has_post_quantum) << key_pair_info(spec).name;
    EXPECT_EQ(require_support(*crypto, spec).has_value(), supports(*crypto, spec));
  }
  EXPECT_EQ(supports_ed25519ph(*crypto), OpenSSL_version_num() >= 0x30200000L);
}

TEST(KeyPairSpecTest, WhatIsMissingIsNamedWithTheVersionThatHasIt) {
  const auto crypto = CryptoContext::create().value();
  crypto->algorithms().key_pairs = {};
  const Status status = require_support(*crypto, KeyPairSpec::kMlDsa65);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupportedOperation);
  EXPECT_EQ(status.error().message, "This server runs with " + loaded_openssl() +
                                        ", which has no ML-DSA-65; that needs OpenSSL 3.5 or later, as in Debian 13.");
  EXPECT_EQ(require_support(*crypto, KeyPairSpec::kSm2).error().message,
            "This server runs with " + loaded_openssl() + ", which has no SM2.");
}

}  // namespace
}  // namespace kagimori
