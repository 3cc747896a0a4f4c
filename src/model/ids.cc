#include "model/ids.h"

#include <algorithm>

#include "base/encoding.h"

namespace kagimori {

RowId RowId::make(RandomSource& random) {
  RowId row;
  random.fill_public(row.bytes);
  return row;
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string make_user_id(RandomSource& random) { return "AIDA" + make_base32_id(random, 17); }
std::string make_access_key_id(RandomSource& random) { return "AKIA" + make_base32_id(random, 16); }
std::string make_session_key_id(RandomSource& random) { return "ASIA" + make_base32_id(random, 16); }
std::string make_role_id(RandomSource& random) { return "AROA" + make_base32_id(random, 17); }
std::string make_group_id(RandomSource& random) { return "AGPA" + make_base32_id(random, 17); }
std::string make_policy_id(RandomSource& random) { return "ANPA" + make_base32_id(random, 17); }

std::string make_multi_region_key_id(RandomSource& random) {
  std::array<std::uint8_t, 16> id{};
  random.fill_public(id);
  return "mrk-" + hex_encode(id);
}

}  // namespace kagimori
