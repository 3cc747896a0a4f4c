#include "engine/grant_token.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/hmac.h"
#include "engine/cache_key.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kAccountSize = 12;
constexpr std::size_t kGrantIdSize = 32;
constexpr std::size_t kRandomSize = 16;
constexpr std::size_t kMacSize = 32;

Result<GrantToken> read(ByteView bytes) {
  ByteReader in(bytes);
  GrantToken token;
  TRY_ASSIGN(const std::uint8_t version, in.u8());
  if (version != kVersion) return fail(invalid_grant_token());
  TRY_ASSIGN(const ByteView account, in.take(kAccountSize));
  token.account = as_text(account);
  if (!is_account_id(token.account)) return fail(invalid_grant_token());
  TRY_ASSIGN(const ByteView row, in.take(token.row.bytes.size()));
  std::copy(row.begin(), row.end(), token.row.bytes.begin());
  TRY_ASSIGN(const ByteView grant_id, in.take(kGrantIdSize));
  token.grant_id = hex_encode(grant_id);
  TRY_ASSIGN(token.issued.micros, in.i64());
  TRY(in.take(kRandomSize));
  token.authenticated = to_bytes(bytes.first(bytes.size() - in.remaining()));
  TRY_ASSIGN(const ByteView mac, in.take(kMacSize));
  token.mac = to_bytes(mac);
  TRY(in.expect_end());
  return token;
}

}  // namespace

Error invalid_grant_token() { return {ErrorCode::kInvalidGrantToken, "Invalid grant token."}; }

std::string make_grant_token(CryptoContext& crypto, RandomSource& random, const Grant& grant, Timestamp now) {
  std::array<std::uint8_t, kRandomSize> unique{};
  random.fill_public(unique);
  ByteWriter out;
  out.u8(kVersion).raw(grant.account).raw(ByteView(grant.row.bytes));
  out.raw(hex_decode(grant.grant_id).value_or(Bytes(kGrantIdSize))).i64(now.micros).raw(ByteView(unique));
  const Mac256 mac = hmac_sha256(crypto, grant.token_key, {out.bytes()});
  out.raw(ByteView(mac));
  return base64_encode(out.bytes());
}

bool GrantToken::is_authentic(CryptoContext& crypto, ByteView token_key) const {
  return constant_time_equal(hmac_sha256(crypto, token_key, {authenticated}), mac);
}

Result<GrantToken> parse_grant_token(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes) return fail(invalid_grant_token());
  auto token = read(*bytes);
  if (!token) return fail(invalid_grant_token());
  return token;
}

Status check_grant_tokens(EngineWorker& worker, std::span<const std::string> tokens) {
  for (const std::string& text : tokens) {
    TRY_ASSIGN(const GrantToken token, parse_grant_token(text));
    TRY_ASSIGN(const CacheEntry* const entry,
               worker.need(cache_key::grant_tokens(token.account, token.row, token.grant_id)));
    if (entry->grant_token_key.empty() || !token.is_authentic(*worker.crypto, entry->grant_token_key)) {
      return fail(invalid_grant_token());
    }
  }
  return {};
}

}  // namespace kagimori
