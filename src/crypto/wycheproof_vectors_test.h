#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "crypto/private_key.h"

// What the tests that run Project Wycheproof's vectors share. Every vector is either run, or refused by our contract
// and the refusal is checked; the counts are those of the files, so that a vector can't be skipped unseen.
namespace kagimori::wycheproof {

using Json = nlohmann::json;

// Where the vectors are, with a slash at the end.
std::string folder();

inline Bytes field(const Json& object, const char* name) {
  return hex_decode(object.at(name).get<std::string>()).value();
}

struct Counts {
  std::size_t run = 0;
  std::size_t refused = 0;  // outside our contract
};

// Imports the key of a group into `key` unless it was the last one: RSA's primes take long to test.
inline void import_once(CryptoContext& crypto, KeyPairSpec spec, const Bytes& pkcs8, Bytes& last,
                        std::optional<PrivateKey>& key) {
  if (pkcs8 == last) return;
  key.reset();
  Result<PrivateKey> imported = PrivateKey::from_pkcs8(crypto, spec, pkcs8);
  if (imported) key.emplace(*std::move(imported));
  last = pkcs8;
}

class WycheproofTest : public testing::Test {
 protected:
  // Calls check(group, test, valid, counts) for each vector of the file; it must count each one.
  template <typename Check>
  Counts walk(const std::string& name, Check check) {
    Counts counts;
    std::ifstream file(folder() + name);
    const Json root = Json::parse(file);
    for (const Json& group : root.at("testGroups")) {
      for (const Json& test : group.at("tests")) {
        SCOPED_TRACE(name + " tcId " + test.at("tcId").dump() + ": " + test.value("comment", ""));
        check(group, test, test.at("result") != "invalid", counts);
      }
    }
    EXPECT_EQ(counts.run + counts.refused, root.at("numberOfTests").get<std::size_t>()) << name;
    return counts;
  }

  void SetUp() override {
    if (!std::ifstream(folder() + "aes_gcm_test.json")) {
      GTEST_SKIP() << "the Wycheproof vectors are not beside this tree (" << folder() << ")";
    }
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

}  // namespace kagimori::wycheproof
