#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "crypto/hmac.h"

namespace kagimori {

// The symmetric ciphertext that callers get (docs/formats/ciphertext.md), suite 1: a key, an IV and a 32-byte
// commitment derived for each message (SP 800-108r1 counter mode, HMAC-SHA256, 128-bit random nonce), then AES-256-GCM.
//   u8 format (1) | u8 suite (1) | u8 kind of key id | 16 key id | u64 account | u32 version | 16 nonce |
//   32 commitment | ciphertext | 16 tag
inline constexpr std::uint8_t kCiphertextFormat = 1;
inline constexpr std::uint8_t kSuiteDerivedAesGcm = 1;
inline constexpr std::uint8_t kSuiteExternal = 2;                             // seal/external_ciphertext.h
inline constexpr std::uint8_t kSuiteHsm = 3;                                  // seal/hsm_ciphertext.h
inline constexpr std::size_t kCiphertextPrefixSize = 1 + 1 + 1 + 16 + 8 + 4;  // what all suites begin with
inline constexpr std::size_t kCiphertextHeaderSize = 1 + 1 + 1 + 16 + 8 + 4 + 16 + 32;
inline constexpr std::size_t kCiphertextOverhead = kCiphertextHeaderSize + 16;  // of suite 1

// The readable front of a ciphertext: which key and version it belongs to.
struct CiphertextHeader {
  std::uint8_t suite = kSuiteDerivedAesGcm;
  std::string key_id;   // UUID or mrk-..., lower case
  std::string account;  // 12 digits
  std::uint32_t version = 0;
};
// kInvalidCiphertext (no message) unless the blob can be one of ours.
Result<CiphertextHeader> parse_ciphertext_header(ByteView blob);

// The first bytes of a ciphertext, up to the version; false when a part can't be named in one.
bool write_ciphertext_prefix(const CiphertextHeader& header, std::span<std::uint8_t, kCiphertextPrefixSize> to);

// An encryption context in canonical form: pairs sorted by key, each part length-prefixed. Empty when there is none.
// Views must outlive the call only.
using ContextPair = std::pair<std::string_view, std::string_view>;
void canonical_encryption_context(std::vector<ContextPair>& pairs, Bytes& out);  // sorts pairs, replaces out

// The material of one version, ready for use by one thread: keyed once, wiped on destruction.
class MessageKey {
 public:
  static Result<MessageKey> create(CryptoContext& crypto, ByteView material32);

  // Appends the whole blob to `out`.
  Status seal(CryptoContext& crypto, RandomSource& random, const CiphertextHeader& header, ByteView canonical_context,
              ByteView plaintext, Bytes& out);
  // kInvalidCiphertext (no message) for anything that is not exactly what seal made with this key and context; the
  // commitment is compared first, in constant time.
  Result<SecretBytes> open(CryptoContext& crypto, ByteView canonical_context, ByteView blob);

 private:
  explicit MessageKey(KeyedHmac kdf) : kdf_(std::move(kdf)) {}
  KeyedHmac kdf_;
};

}  // namespace kagimori
