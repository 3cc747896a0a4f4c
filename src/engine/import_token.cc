#include "engine/import_token.h"

#include <algorithm>

#include "engine/import_secret.h"
#include "seal/sealed_box.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kLabel = "kagimori import token 1";

Bytes token_aad(const Key& key) {
  return ByteWriter().u8(kFormat).sized(key.account).sized(key.region).sized(key.key_id).bytes();
}

tl::unexpected<Error> invalid() {
  return fail(ErrorCode::kInvalidImportToken,
              "The import token is not one of this key. Use the token and the public key of one answer of "
              "GetParametersForImport for this key, unchanged.");
}

Result<ImportToken> parse_content(ByteView content) {
  ByteReader reader(content);
  ImportToken token;
  TRY_ASSIGN(const std::uint8_t algorithm, reader.u8());
  TRY_ASSIGN(const std::uint8_t spec, reader.u8());
  TRY_ASSIGN(token.expires.micros, reader.i64());
  TRY_ASSIGN(const ByteView private_key, reader.sized());
  TRY(reader.expect_end());
  const bool known_spec = std::ranges::count(kAllKeyPairSpecs, static_cast<KeyPairSpec>(spec)) == 1;
  if (algorithm == 0 || algorithm > kWrappingAlgorithmCount || !known_spec) return invalid();
  token.wrapping = {static_cast<WrappingAlgorithm>(algorithm), static_cast<KeyPairSpec>(spec)};
  token.private_key = SecretBytes::copy_of(private_key);
  return token;
}

}  // namespace

Result<Bytes> seal_import_token(CryptoContext& crypto, RandomSource& random, const SecretBytes& import_secret,
                                const Key& key, const ImportToken& token) {
  const ByteView private_key = token.private_key.expose();
  const Bytes head = ByteWriter()
                         .u8(static_cast<std::uint8_t>(token.wrapping.algorithm))
                         .u8(static_cast<std::uint8_t>(token.wrapping.key_spec))
                         .i64(token.expires.micros)
                         .count(private_key.size())
                         .bytes();
  SecretBytes content(head.size() + private_key.size());
  const auto rest = std::ranges::copy(head, content.expose_mutable().begin()).out;
  std::ranges::copy(private_key, rest);
  TRY_ASSIGN(const SecretBytes token_key, derive_import_key(crypto, import_secret, key, ImportSecretUse::kToken));
  TRY_ASSIGN(const Bytes box, seal_box(crypto, random, token_key.expose(), kLabel, token_aad(key), content.expose()));
  return ByteWriter().u8(kFormat).raw(box).bytes();
}

Result<ImportToken> open_import_token(CryptoContext& crypto, const SecretBytes& import_secret, const Key& key,
                                      ByteView sealed, Timestamp now) {
  if (sealed.size() <= kSealedBoxOverhead || sealed[0] != kFormat) return invalid();
  TRY_ASSIGN(const SecretBytes token_key, derive_import_key(crypto, import_secret, key, ImportSecretUse::kToken));
  const auto content = open_box(crypto, token_key.expose(), kLabel, token_aad(key), sealed.subspan(1));
  if (!content) return invalid();
  TRY_ASSIGN(ImportToken token, parse_content(content->expose()));
  if (token.expires <= now) {
    return fail(ErrorCode::kExpiredImportToken,
                "The import token has expired. Call GetParametersForImport again and wrap the key material anew.");
  }
  return token;
}

}  // namespace kagimori
