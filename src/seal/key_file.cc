#include "seal/key_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace kagimori {
namespace {

constexpr std::string_view kMagic = "kagimori-key-file ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kComment =
    "# This file opens the Kagimori store named below, and nothing else does.\n"
    "# Whoever can read it and the store can use every key in it. Keep it secret (mode 0600).\n"
    "# Whoever loses it loses every key in the store and all that was encrypted with them, for ever.\n"
    "# Keep a copy in a safe place, apart from the store and from the store's backups.\n";
constexpr std::string_view kStore = "store ";
constexpr std::string_view kKey = "key ";
constexpr std::string_view kChecksum = "checksum ";
constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kMaxKeys = 2;
constexpr std::size_t kBase64KeySize = 44;
constexpr std::size_t kChecksumSize = 64;

// Appends text to secret memory of a size that was computed before.
class SecretWriter {
 public:
  explicit SecretWriter(std::size_t size) : bytes_(size) {}
  void text(std::string_view text) {
    std::ranges::copy(as_bytes(text), bytes_.expose_mutable().begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += text.size();
  }
  void base64(ByteView secret) {
    const std::size_t size = (secret.size() + 2) / 3 * 4;
    base64_encode_into(secret, bytes_.expose_mutable().subspan(used_, size));
    used_ += size;
  }
  ByteView so_far() const { return bytes_.expose().first(used_); }
  SecretBytes take() && { return std::move(bytes_); }

 private:
  SecretBytes bytes_;
  std::size_t used_ = 0;
};

std::string checksum_of(CryptoContext& crypto, ByteView text) { return hex_encode(sha256(crypto, text)); }

// The next line without its end; nothing when the text ends, or ends in the middle of a line.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::kCorrupt, std::move(what)); }

Status check_first_line(std::optional<std::string_view> line) {
  if (!line || !line->starts_with(kMagic)) return damaged("it is not a Kagimori key file.");
  const std::string_view version = line->substr(kMagic.size());
  if (version == kVersion) return {};
  const bool number = !version.empty() && version.size() <= 9 && version != "0" &&
                      std::ranges::all_of(version, [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return damaged("its first line is damaged.");
  return fail(ErrorCode::kNewerSchema,
              fmt::format("it has version {}, which is of a later release of Kagimori. Use that release.", version));
}

Result<KeyFileKey> parse_key(std::string_view line) {
  if (line.size() != kUuidSize + 1 + kBase64KeySize || line[kUuidSize] != ' ') return damaged("a key line is damaged.");
  Result<SecretBytes> key = base64_decode_secret(line.substr(kUuidSize + 1));
  if (!key || key->size() != kKeyFileKeySize) return damaged("a key line is damaged.");
  return KeyFileKey{std::string(line.substr(0, kUuidSize)), *std::move(key)};
}

}  // namespace

SecretBytes format_key_file(CryptoContext& crypto, const KeyFileContent& content) {
  const std::size_t key_line = kKey.size() + kUuidSize + 1 + kBase64KeySize + 1;
  const std::size_t size = kMagic.size() + kVersion.size() + 1 + kComment.size() + kStore.size() +
                           content.store_id.size() + 1 + content.keys.size() * key_line + kChecksum.size() +
                           kChecksumSize + 1;
  SecretWriter out(size);
  out.text(kMagic);
  out.text(kVersion);
  out.text("\n");
  out.text(kComment);
  out.text(kStore);
  out.text(content.store_id);
  out.text("\n");
  for (const KeyFileKey& key : content.keys) {
    out.text(kKey);
    out.text(key.id);
    out.text(" ");
    out.base64(key.key.expose());
    out.text("\n");
  }
  const std::string checksum = checksum_of(crypto, out.so_far());
  out.text(kChecksum);
  out.text(checksum);
  out.text("\n");
  return std::move(out).take();
}

Result<KeyFileContent> parse_key_file(CryptoContext& crypto, ByteView text) {
  std::string_view rest = as_text(text);
  TRY(check_first_line(next_line(rest)));
  KeyFileContent content;
  for (;;) {
    const std::size_t before = text.size() - rest.size();
    const std::optional<std::string_view> line = next_line(rest);
    if (!line) return damaged("it is cut off: its last line, the checksum, is missing.");
    if (line->starts_with(kChecksum)) {
      if (line->substr(kChecksum.size()) != checksum_of(crypto, text.first(before))) {
        return damaged("it has been changed: its checksum does not match.");
      }
      break;
    }
    if (line->empty() || line->starts_with('#')) continue;
    if (line->starts_with(kStore) && content.store_id.empty()) {
      content.store_id = line->substr(kStore.size());
    } else if (line->starts_with(kKey)) {
      TRY_ASSIGN(KeyFileKey key, parse_key(line->substr(kKey.size())));
      content.keys.push_back(std::move(key));
    } else {
      return damaged("it has a line that is neither store, key, checksum nor comment.");
    }
  }
  if (!rest.empty()) return damaged("it has text after its checksum.");
  if (content.store_id.size() != kUuidSize) return damaged("its store line is missing or damaged.");
  if (content.keys.empty() || content.keys.size() > kMaxKeys) return damaged("it must hold one key, or two.");
  return content;
}

}  // namespace kagimori
