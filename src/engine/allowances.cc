#include "engine/allowances.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "engine/cache_key.h"

namespace kagimori {

namespace {

// Takes the digits at the front, and a bar behind them.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const char* const end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with('|')) text.remove_prefix(1);
  return number;
}

std::uint64_t short_of(const std::optional<std::uint64_t>& maximum, std::uint64_t left, std::uint64_t wanted) {
  return maximum && left < wanted ? wanted - left : 0;
}

}  // namespace

// U|ACCOUNT|ROW|VERSION, or U|ACCOUNT|ROW|VERSION|USES|BYTES
Result<AllowanceName> parse_allowance_name(std::string_view item) {
  constexpr std::size_t kAccountDigits = 12, kRowDigits = 2 * sizeof(RowId::bytes);
  constexpr std::size_t kRowAt = cache_key::kAllowance.size() + kAccountDigits + 1;
  constexpr std::size_t kVersionAt = kRowAt + kRowDigits + 1;
  if (item.size() <= kVersionAt) return fail(ErrorCode::kInternal, "That is no name of an allowance.");
  AllowanceName name;
  name.account = item.substr(cache_key::kAllowance.size(), kAccountDigits);
  TRY_ASSIGN(const Bytes row, hex_decode(item.substr(kRowAt, kRowDigits)));
  std::ranges::copy(row, name.row.bytes.begin());
  std::string_view numbers = item.substr(kVersionAt);
  name.version = static_cast<std::uint32_t>(take_number(numbers));
  name.wanted.uses = take_number(numbers);
  name.wanted.bytes = take_number(numbers);
  return name;
}

Allowances::Answer Allowances::take(const std::string& name, const UsageLimit& limit, std::uint64_t bytes) {
  Known& known = known_[name];
  const Allowance wanted = {short_of(limit.maximum_uses, known.left.uses, 1),
                            short_of(limit.maximum_bytes, known.left.bytes, bytes)};
  if (wanted.uses == 0 && wanted.bytes == 0) {
    if (limit.maximum_uses) --known.left.uses;
    if (limit.maximum_bytes) known.left.bytes -= bytes;
    return {};
  }
  if (known.refusals == 0) return {Taken::kMoreIsNeeded, fmt::format("{}|{}|{}", name, wanted.uses, wanted.bytes)};
  --known.refusals;
  return {Taken::kLimitReached, {}};
}

void Allowances::add(const std::string& name, const Allowance& reserved, std::size_t refusals) {
  Known& known = known_[name];
  known.left.uses += reserved.uses;
  known.left.bytes += reserved.bytes;
  known.refusals = refusals;
}

std::vector<Allowances::Unused> Allowances::take_all() {
  std::vector<Unused> unused;
  for (const auto& [name, known] : known_) {
    if (known.left.uses > 0 || known.left.bytes > 0) unused.push_back({name, known.left});
  }
  known_.clear();
  return unused;
}

}  // namespace kagimori
