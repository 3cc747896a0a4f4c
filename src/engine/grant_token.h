#pragma once

#include <span>
#include <string>
#include <string_view>

#include "crypto/context.h"
#include "engine/engine_worker.h"
#include "model/grant.h"

namespace kagimori {

// Grant tokens (docs/formats/grant-token.md). A token names a grant and proves that this store handed it out; it allows
// nothing that the grant does not allow to its grantee anyway. It ends with its grant, not with time.
std::string make_grant_token(CryptoContext& crypto, RandomSource& random, const Grant& grant, Timestamp now);

// A token that has been read, but not yet believed.
struct GrantToken {
  AccountId account;
  RowId row;
  std::string grant_id;
  Timestamp issued;
  Bytes authenticated;
  Bytes mac;

  bool is_authentic(CryptoContext& crypto, ByteView token_key) const;
};
// kInvalidGrantToken for a text that is none.
Result<GrantToken> parse_grant_token(std::string_view text);
Error invalid_grant_token();

// Whether each is the token of a grant that there is: kInvalidGrantToken if not, or kCacheMiss.
Status check_grant_tokens(EngineWorker& worker, std::span<const std::string> tokens);

}  // namespace kagimori
