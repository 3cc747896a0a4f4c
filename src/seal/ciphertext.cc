#include "seal/ciphertext.h"

#include <algorithm>
#include <cstring>

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "seal/account_number.h"

namespace kagimori {
namespace {

enum class KeyIdKind : std::uint8_t { kUuid = 1, kMultiRegion = 2 };

constexpr std::string_view kMessageLabel = "kagimori message 1";
constexpr std::string_view kMultiRegionPrefix = "mrk-";
constexpr std::size_t kKeyIdSize = 16;
constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kCommitmentSize = 32;
constexpr std::size_t kPublicHeaderSize = kCiphertextHeaderSize - kCommitmentSize;  // the KDF's context
constexpr std::size_t kNonceOffset = kPublicHeaderSize - kNonceSize;
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kDashes[] = {8, 13, 18, 23};

// What one message is sealed with. It lies on the stack, not in secret pages: those would cost a lock for each message,
// and OpenSSL's context holds the same key in ordinary memory for the same microsecond. Wiped at the end of the call.
struct DerivedMessage {
  std::array<std::uint8_t, kAes256KeySize + kGcmNonceSize + kCommitmentSize> bytes{};

  DerivedMessage(KeyedHmac& kdf, ByteView public_header) {
    kbkdf_counter(kdf, as_bytes(kMessageLabel), public_header, bytes);
  }
  DerivedMessage(const DerivedMessage&) = delete;
  DerivedMessage& operator=(const DerivedMessage&) = delete;
  ~DerivedMessage() { secure_wipe(bytes); }

  ByteView key() const { return ByteView(bytes).first(kAes256KeySize); }
  ByteView iv() const { return ByteView(bytes).subspan(kAes256KeySize, kGcmNonceSize); }
  ByteView commitment() const { return ByteView(bytes).last(kCommitmentSize); }
};

bool parse_lower_hex(std::string_view digits, std::uint8_t* out) {
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::size_t high = kHexDigits.find(digits[i]);
    const std::size_t low = kHexDigits.find(digits[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    out[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

// The 16 bytes of a UUID or of an mrk- id; false when the text is neither. Allocates nothing.
bool parse_key_id(std::string_view text, KeyIdKind* kind, std::uint8_t* out) {
  if (text.starts_with(kMultiRegionPrefix)) {
    *kind = KeyIdKind::kMultiRegion;
    text.remove_prefix(kMultiRegionPrefix.size());
    return text.size() == 2 * kKeyIdSize && parse_lower_hex(text, out);
  }
  *kind = KeyIdKind::kUuid;
  if (text.size() != 36) return false;
  std::array<char, 2 * kKeyIdSize> digits{};
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = std::find(std::begin(kDashes), std::end(kDashes), i) != std::end(kDashes);
    if (dash != (text[i] == '-')) return false;
    if (!dash) digits[used++] = text[i];
  }
  return parse_lower_hex({digits.data(), digits.size()}, out);
}

std::string format_key_id(KeyIdKind kind, ByteView id) {
  std::string text;
  text.reserve(36);
  if (kind == KeyIdKind::kMultiRegion) text = kMultiRegionPrefix;
  for (const std::uint8_t byte : id) {
    if (kind == KeyIdKind::kUuid &&
        std::find(std::begin(kDashes), std::end(kDashes), text.size()) != std::end(kDashes)) {
      text.push_back('-');
    }
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 0xf]);
  }
  return text;
}

template <typename T>
void store_be(T value, std::uint8_t* out) {
  for (std::size_t i = sizeof(T); i > 0; --i, value = static_cast<T>(value >> 8)) {
    out[i - 1] = static_cast<std::uint8_t>(value);
  }
}

bool is_known_suite(std::uint8_t suite) { return suite >= kSuiteDerivedAesGcm && suite <= kSuiteHsm; }

}  // namespace

bool write_ciphertext_prefix(const CiphertextHeader& header, std::span<std::uint8_t, kCiphertextPrefixSize> to) {
  std::uint8_t* const out = to.data();
  KeyIdKind kind = KeyIdKind::kUuid;
  const std::optional<std::uint64_t> account = account_number(header.account);
  out[0] = kCiphertextFormat;
  out[1] = header.suite;
  if (!is_known_suite(header.suite) || header.version == 0 || !parse_key_id(header.key_id, &kind, out + 3))
    return false;
  if (!account) return false;
  out[2] = static_cast<std::uint8_t>(kind);
  store_be(*account, out + 3 + kKeyIdSize);
  store_be(header.version, out + 3 + kKeyIdSize + sizeof *account);
  return true;
}

Result<CiphertextHeader> parse_ciphertext_header(ByteView blob) {
  const auto invalid = [] { return fail(ErrorCode::kInvalidCiphertext); };
  const bool has_suite = blob.size() > kCiphertextPrefixSize;
  if (!has_suite || (blob[1] != kSuiteHsm && blob.size() < kCiphertextOverhead)) return invalid();
  ByteReader reader(blob);
  TRY_ASSIGN(const std::uint8_t format, reader.u8());
  TRY_ASSIGN(const std::uint8_t suite, reader.u8());
  TRY_ASSIGN(const std::uint8_t kind, reader.u8());
  if (format != kCiphertextFormat || !is_known_suite(suite)) return invalid();
  if (kind != static_cast<std::uint8_t>(KeyIdKind::kUuid) && kind != static_cast<std::uint8_t>(KeyIdKind::kMultiRegion))
    return invalid();
  TRY_ASSIGN(const ByteView key_id, reader.take(kKeyIdSize));
  TRY_ASSIGN(const std::uint64_t account, reader.u64());
  TRY_ASSIGN(const std::uint32_t version, reader.u32());
  if (account > kMaxAccountNumber || version == 0) return invalid();
  return CiphertextHeader{suite, format_key_id(static_cast<KeyIdKind>(kind), key_id), account_text(account), version};
}

void canonical_encryption_context(std::vector<ContextPair>& pairs, Bytes& out) {
  std::sort(pairs.begin(), pairs.end());
  out.clear();
  const auto append = [&out](std::string_view part) {
    std::array<std::uint8_t, 4> size{};
    store_be(static_cast<std::uint32_t>(part.size()), size.data());
    out.insert(out.end(), size.begin(), size.end());
    out.insert(out.end(), part.begin(), part.end());
  };
  for (const auto& [key, value] : pairs) {
    append(key);
    append(value);
  }
}

Result<MessageKey> MessageKey::create(CryptoContext& crypto, ByteView material32) {
  if (material32.size() != 32) return fail(ErrorCode::kInternal, "The material of a message key must have 32 bytes.");
  TRY_ASSIGN(KeyedHmac kdf, KeyedHmac::create(crypto, material32));
  return MessageKey(std::move(kdf));
}

Status MessageKey::seal(CryptoContext& crypto, RandomSource& random, const CiphertextHeader& header,
                        ByteView canonical_context, ByteView plaintext, Bytes& out) {
  std::array<std::uint8_t, kCiphertextHeaderSize> head{};
  if (header.suite != kSuiteDerivedAesGcm ||
      !write_ciphertext_prefix(header, std::span(head).first<kCiphertextPrefixSize>())) {
    return fail(ErrorCode::kInternal, "The key id, account or version is not one that a ciphertext can name.");
  }
  random.fill_public(std::span(head).subspan(kNonceOffset, kNonceSize));
  const DerivedMessage derived(kdf_, ByteView(head).first(kPublicHeaderSize));
  std::memcpy(head.data() + kPublicHeaderSize, derived.commitment().data(), kCommitmentSize);

  const std::size_t begin = out.size();
  out.resize(begin + kCiphertextOverhead + plaintext.size());
  std::memcpy(out.data() + begin, head.data(), head.size());
  const Status sealed = aes256gcm_seal(crypto, derived.key(), derived.iv(), {head, canonical_context}, plaintext,
                                       std::span(out).subspan(begin + kCiphertextHeaderSize));
  if (!sealed) out.resize(begin);
  return sealed;
}

Result<SecretBytes> MessageKey::open(CryptoContext& crypto, ByteView canonical_context, ByteView blob) {
  if (blob.size() < kCiphertextOverhead || blob[0] != kCiphertextFormat || blob[1] != kSuiteDerivedAesGcm) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  const ByteView head = blob.first(kCiphertextHeaderSize);
  const DerivedMessage derived(kdf_, head.first(kPublicHeaderSize));
  if (!constant_time_equal(derived.commitment(), head.last(kCommitmentSize))) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  SecretBytes plaintext(blob.size() - kCiphertextOverhead);
  TRY(aes256gcm_open(crypto, derived.key(), derived.iv(), {head, canonical_context}, blob.subspan(head.size()),
                     plaintext.expose_mutable()));
  return plaintext;
}

}  // namespace kagimori
