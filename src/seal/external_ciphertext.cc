#include "seal/external_ciphertext.h"

namespace kagimori {
namespace {

constexpr std::size_t kTagSize = 16;

bool is_iv_size(std::size_t size) { return size == 12 || size == 16; }

Result<ExternalParts> read_parts(ByteReader& in) {
  ExternalParts parts;
  TRY_ASSIGN(const std::uint8_t metadata_size, in.u8());
  TRY_ASSIGN(const ByteView metadata, in.take(metadata_size));
  TRY_ASSIGN(const std::uint8_t iv_size, in.u8());
  TRY_ASSIGN(const ByteView iv, in.take(iv_size));
  TRY_ASSIGN(const ByteView tag, in.take(kTagSize));
  TRY_ASSIGN(const ByteView ciphertext, in.take(in.remaining()));
  if (metadata_size > kMaxExternalMetadata || !is_iv_size(iv_size)) return fail(ErrorCode::kInvalidCiphertext);
  parts = {to_bytes(ciphertext), to_bytes(iv), to_bytes(tag), to_bytes(metadata)};
  return parts;
}

}  // namespace

Result<Bytes> write_external_ciphertext(const CiphertextHeader& header, const ExternalParts& parts) {
  std::array<std::uint8_t, kCiphertextPrefixSize> prefix{};
  CiphertextHeader outer = header;
  outer.suite = kSuiteExternal;
  if (!write_ciphertext_prefix(outer, prefix) || parts.metadata.size() > kMaxExternalMetadata ||
      !is_iv_size(parts.initialization_vector.size()) || parts.authentication_tag.size() != kTagSize) {
    return fail(ErrorCode::kInternal, "What the external key made does not fit into a ciphertext.");
  }
  return ByteWriter()
      .raw(ByteView(prefix))
      .u8(static_cast<std::uint8_t>(parts.metadata.size()))
      .raw(parts.metadata)
      .u8(static_cast<std::uint8_t>(parts.initialization_vector.size()))
      .raw(parts.initialization_vector)
      .raw(parts.authentication_tag)
      .raw(parts.ciphertext)
      .bytes();
}

Result<ExternalParts> parse_external_ciphertext(ByteView blob) {
  TRY_ASSIGN(const CiphertextHeader header, parse_ciphertext_header(blob));
  if (header.suite != kSuiteExternal) return fail(ErrorCode::kInvalidCiphertext);
  ByteReader in(blob.subspan(kCiphertextPrefixSize));
  auto parts = read_parts(in);
  if (!parts) return fail(ErrorCode::kInvalidCiphertext);
  return parts;
}

}  // namespace kagimori
