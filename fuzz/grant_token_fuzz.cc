// A grant token from outside: whatever it is, it is parsed or refused as invalid. What parses has one text only, and a
// token that nobody made is authentic for no key.
#include <cstdlib>

#include "base/encoding.h"
#include "engine/grant_token.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CryptoContext* const crypto = (*CryptoContext::create()).release();
  const std::string_view text = as_text({data, size});
  const auto token = parse_grant_token(text);
  if (!token) {
    check(token.error().code == ErrorCode::kInvalidGrantToken);
    return 0;
  }
  Bytes whole = token->authenticated;
  whole.insert(whole.end(), token->mac.begin(), token->mac.end());
  check(base64_encode(whole) == text);
  check(is_account_id(token->account) && is_grant_id(token->grant_id));
  check(!token->is_authentic(*crypto, Bytes(32, 0x11)));
  return 0;
}
