#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/private_key.h"

// The golden files of stored private keys, which other tests take as ready keys: to generate RSA takes long.
namespace kagimori {

// "p_256" -> what testdata/private_key_p_256.v1.hex holds; empty when there is no such file.
inline Bytes read_golden_key(std::string_view name) {
  std::ifstream file(std::string(KAGIMORI_SOURCE_DIR "/src/crypto/testdata/private_key_") + std::string(name) +
                     ".v1.hex");
  std::string digits{std::istreambuf_iterator<char>(file), {}};
  std::erase_if(digits, [](char c) { return c == '\n' || c == ' '; });
  return hex_decode(digits).value_or(Bytes{});
}

inline PrivateKey golden_rsa_key(CryptoContext& crypto) {
  return PrivateKey::from_parameters(crypto, KeyPairSpec::kRsa2048, read_golden_key("rsa_2048")).value();
}

}  // namespace kagimori
