#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "crypto/context.h"

namespace kagimori {

inline constexpr std::size_t kKeyFileKeySize = 32;

struct KeyFileKey {
  std::string id;  // UUID
  SecretBytes key;
};

// What a key file says (docs/formats/key-file.md).
struct KeyFileContent {
  std::string store_id;
  std::vector<KeyFileKey> keys;  // oldest first; one, or two while a rotation is under way
};

// The file's text, in secret memory from the first byte to the last.
SecretBytes format_key_file(CryptoContext& crypto, const KeyFileContent& content);
// kCorrupt, with what is wrong with the text, or kNewerSchema. The sentences speak of "it".
Result<KeyFileContent> parse_key_file(CryptoContext& crypto, ByteView text);

}  // namespace kagimori
