#include "crypto/digest.h"

#include "crypto/openssl.h"

namespace kagimori {
namespace {

struct Known {
  const char* name;
  std::size_t size;
};
constexpr std::array<Known, 5> kKnown = {
    {{"SHA1", 20}, {"SHA224", 28}, {"SHA256", 32}, {"SHA384", 48}, {"SHA512", 64}}};

const Known& known(HashAlgorithm algorithm) { return kKnown.at(static_cast<std::size_t>(algorithm)); }

}  // namespace

const char* openssl::digest_name(HashAlgorithm algorithm) { return known(algorithm).name; }

std::size_t digest_size(HashAlgorithm algorithm) { return known(algorithm).size; }

Sha256Digest sha256(CryptoContext& crypto, std::initializer_list<ByteView> parts) {
  EVP_MD_CTX* const scratch = crypto.algorithms().sha256_scratch.get();
  Sha256Digest digest;
  bool good = true;
  for (const ByteView part : parts) good = good && EVP_DigestUpdate(scratch, part.data(), part.size()) == 1;
  good = good && EVP_DigestFinal_ex(scratch, digest.data(), nullptr) == 1;
  good = good && EVP_DigestInit_ex2(scratch, nullptr, nullptr) == 1;
  if (!good) openssl::stop_process("SHA-256 failed");
  return digest;
}

Sha256Digest sha256(CryptoContext& crypto, ByteView message) { return sha256(crypto, {message}); }

Result<Bytes> hash(CryptoContext& crypto, HashAlgorithm algorithm, ByteView message) {
  Bytes digest(digest_size(algorithm));
  if (EVP_Digest(message.data(), message.size(), digest.data(), nullptr, crypto.algorithms().digest(algorithm),
                 nullptr) != 1) {
    return openssl::failure("compute a hash");
  }
  return digest;
}

}  // namespace kagimori
