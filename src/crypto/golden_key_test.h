#pragma once

#include <string_view>

#include "crypto/private_key.h"

// The golden files of stored private keys, which other tests take as ready keys: to generate RSA takes long.
namespace kagimori {

// "p_256" -> what testdata/private_key_p_256.v1.hex holds; empty when there is no such file.
Bytes read_golden_key(std::string_view name);
PrivateKey golden_rsa_key(CryptoContext& crypto);

}  // namespace kagimori
