#include "seal/hsm_ciphertext.h"

namespace kagimori {
namespace {

constexpr std::size_t kIvSize = 12;
constexpr std::size_t kTagSize = 16;

Result<Bytes> join(const CiphertextHeader& header, ByteView rest) {
  std::array<std::uint8_t, kCiphertextPrefixSize> prefix{};
  CiphertextHeader outer = header;
  outer.suite = kSuiteHsm;
  if (!write_ciphertext_prefix(outer, prefix)) {
    return fail(ErrorCode::kInternal, "The key id, account or version is not one that a ciphertext can name.");
  }
  return ByteWriter().raw(ByteView(prefix)).raw(rest).bytes();
}

}  // namespace

Result<Bytes> hsm_additional_data(const CiphertextHeader& header, ByteView canonical_context) {
  return join(header, canonical_context);
}

Result<Bytes> write_hsm_ciphertext(const CiphertextHeader& header, ByteView sealed) { return join(header, sealed); }

Result<ByteView> parse_hsm_ciphertext(ByteView blob) {
  TRY_ASSIGN(const CiphertextHeader header, parse_ciphertext_header(blob));
  if (header.suite != kSuiteHsm || blob.size() < kCiphertextPrefixSize + kIvSize + kTagSize) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  return blob.subspan(kCiphertextPrefixSize);
}

}  // namespace kagimori
