#include "crypto/golden_key_test.h"

#include <fstream>
#include <iterator>
#include <string>

#include "base/encoding.h"

namespace kagimori {

Bytes read_golden_key(std::string_view name) {
  std::ifstream file(std::string(KAGIMORI_SOURCE_DIR "/src/crypto/testdata/private_key_") + std::string(name) +
                     ".v1.hex");
  std::string digits{std::istreambuf_iterator<char>(file), {}};
  std::erase_if(digits, [](char c) { return c == '\n' || c == ' '; });
  return hex_decode(digits).value_or(Bytes{});
}

PrivateKey golden_rsa_key(CryptoContext& crypto) {
  return PrivateKey::from_parameters(crypto, KeyPairSpec::kRsa2048, read_golden_key("rsa_2048")).value();
}

}  // namespace kagimori
