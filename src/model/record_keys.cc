#include "model/record_keys.h"

#include <algorithm>

namespace kagimori {
namespace {

constexpr std::string_view kSessionPrefix = "ASIA";
constexpr std::string_view kConnectionJob = "connection";
constexpr std::string_view kHsmRemovalJob = "hsm-removal";
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

// An account is always 12 digits and a row id 16 bytes, so neither needs an end mark. Of the other texts only the last
// one of a primary key may come from a caller: a zero byte in it can't reach into another part.
class KeyBuilder {
 public:
  explicit KeyBuilder(std::string_view account) { out_.raw(account); }
  KeyBuilder() = default;

  KeyBuilder&& row(const RowId& row) && {
    out_.raw(ByteView(row.bytes));
    return std::move(*this);
  }
  KeyBuilder&& text(std::string_view text) && {
    out_.raw(text).u8(0);
    return std::move(*this);
  }
  KeyBuilder&& raw(ByteView bytes) && {
    out_.raw(bytes);
    return std::move(*this);
  }
  KeyBuilder&& u8(std::uint8_t v) && {
    out_.u8(v);
    return std::move(*this);
  }
  KeyBuilder&& u32(std::uint32_t v) && {
    out_.u32(v);
    return std::move(*this);
  }
  KeyBuilder&& u64(std::uint64_t v) && {
    out_.u64(v);
    return std::move(*this);
  }
  KeyBuilder&& account(std::string_view account) && {
    out_.raw(account);
    return std::move(*this);
  }
  Bytes take() && { return std::move(out_).take(); }

 private:
  ByteWriter out_;
};

}  // namespace

namespace record_key {

Bytes account(std::string_view account) { return KeyBuilder(account).take(); }
Bytes audit_key(std::uint32_t number) { return KeyBuilder().u32(number).take(); }
Bytes epoch(std::string_view account, std::uint32_t epoch) { return KeyBuilder(account).u32(epoch).take(); }
Bytes epochs_of(std::string_view account) { return KeyBuilder(account).take(); }
Bytes key(std::string_view account, const RowId& row) { return KeyBuilder(account).row(row).take(); }
Bytes keys_of(std::string_view account) { return KeyBuilder(account).take(); }

Bytes key_id(std::string_view account, std::string_view region, std::string_view key_id) {
  return KeyBuilder(account).text(region).text(key_id).take();
}
Bytes key_ids_of(std::string_view account, std::string_view region) { return KeyBuilder(account).text(region).take(); }

Bytes version(std::string_view account, const RowId& row, std::uint32_t number) {
  return KeyBuilder(account).row(row).u32(number).take();
}
Bytes object(std::string_view account, const RowId& row, std::uint32_t version, std::uint8_t index) {
  return KeyBuilder(account).row(row).u32(version).u8(index).take();
}
Bytes use_count(std::string_view account, const RowId& row, std::uint32_t version, std::string_view principal) {
  return KeyBuilder(account).row(row).u32(version).text(principal).take();
}
Bytes of_key(std::string_view account, const RowId& row) { return KeyBuilder(account).row(row).take(); }
Bytes object_id(std::string_view account, std::string_view object_id) {
  return KeyBuilder(account).text(object_id).take();
}
Bytes key_policy(std::string_view account, const RowId& row, std::uint32_t version) {
  return KeyBuilder(account).row(row).u32(version).take();
}

Bytes alias(std::string_view account, std::string_view region, std::string_view name) {
  return KeyBuilder(account).text(region).text(name).take();
}
Bytes aliases_of(std::string_view account, std::string_view region) { return KeyBuilder(account).text(region).take(); }
Bytes key_alias(std::string_view account, const RowId& row, std::string_view name) {
  return KeyBuilder(account).row(row).text(name).take();
}

Bytes transition(std::string_view account, const RowId& row, std::uint64_t sequence) {
  return KeyBuilder(account).row(row).u64(sequence).take();
}

Bytes grant(std::string_view account, const RowId& row, std::string_view grant_id) {
  return KeyBuilder(account).row(row).raw(as_bytes(grant_id)).take();
}
Bytes grant_grantee(std::string_view account, const RowId& row, std::string_view grantee, std::string_view grant_id) {
  return KeyBuilder(account).row(row).text(grantee).raw(as_bytes(grant_id)).take();
}
Bytes grants_of_grantee(std::string_view account, const RowId& row, std::string_view grantee) {
  return KeyBuilder(account).row(row).text(grantee).take();
}
Bytes grant_retiree(std::string_view retiree, std::string_view region, std::string_view grant_id,
                    std::string_view account, const RowId& row) {
  return KeyBuilder().text(retiree).text(region).raw(as_bytes(grant_id)).account(account).row(row).take();
}
Bytes grants_of_retiree(std::string_view retiree, std::string_view region) {
  return KeyBuilder().text(retiree).text(region).take();
}
Bytes grant_name(std::string_view account, const RowId& row, ByteView digest) {
  return KeyBuilder(account).row(row).raw(digest).take();
}
Bytes grant_count(std::string_view account, const RowId& row, std::uint8_t shard) {
  return KeyBuilder(account).row(row).u8(shard).take();
}

// The sign bit is flipped so that times before 1970 sort first.
Bytes alarm(ByteView due, std::uint8_t alarm) {
  Bytes key = to_bytes(due);
  key.push_back(alarm);
  return key;
}
Bytes due(Timestamp when, std::string_view account, const RowId& row, std::uint8_t kind) {
  const std::uint64_t order = static_cast<std::uint64_t>(when.micros) ^ kSignBit;
  return KeyBuilder().u64(order).account(account).row(row).u8(kind).take();
}

Bytes custom_key_store(std::string_view account, std::string_view region, std::string_view store_id) {
  return KeyBuilder(account).text(region).text(store_id).take();
}
Bytes custom_key_stores_of(std::string_view account, std::string_view region) {
  return KeyBuilder(account).text(region).take();
}
Bytes xks_key(std::string_view account, std::string_view store_id, std::string_view xks_key_id) {
  return KeyBuilder(account).text(store_id).text(xks_key_id).take();
}
Bytes connection_job(std::string_view account, std::string_view region, std::string_view store_id) {
  return KeyBuilder().text(kConnectionJob).account(account).text(region).text(store_id).take();
}
Bytes connection_jobs() { return KeyBuilder().text(kConnectionJob).take(); }
Bytes hsm_removal_job(std::string_view account, std::string_view region, std::string_view store_id,
                      std::string_view key_id) {
  return KeyBuilder().text(kHsmRemovalJob).account(account).text(region).text(store_id).text(key_id).take();
}
Bytes hsm_removal_jobs() { return KeyBuilder().text(kHsmRemovalJob).take(); }

Bytes user(std::string_view account, std::string_view user_id) { return KeyBuilder(account).text(user_id).take(); }
Bytes users_of(std::string_view account) { return KeyBuilder(account).take(); }
Bytes user_name(std::string_view account, std::string_view lower_case_name) {
  return KeyBuilder(account).text(lower_case_name).take();
}
Bytes user_policy(std::string_view account, std::string_view user_id, std::string_view name) {
  return KeyBuilder(account).text(user_id).text(name).take();
}
Bytes user_policies_of(std::string_view account, std::string_view user_id) {
  return KeyBuilder(account).text(user_id).take();
}
Bytes access_key(std::string_view access_key_id) { return KeyBuilder().text(access_key_id).take(); }
Bytes user_access_key(std::string_view account, std::string_view user_id, std::string_view access_key_id) {
  return KeyBuilder(account).text(user_id).text(access_key_id).take();
}
Bytes user_access_keys_of(std::string_view account, std::string_view user_id) {
  return KeyBuilder(account).text(user_id).take();
}

Bytes iam_entity(std::string_view account, std::string_view unique_id) {
  return KeyBuilder(account).text(unique_id).take();
}
Bytes iam_name(std::string_view account, std::string_view lower_case_name) {
  return KeyBuilder(account).text(lower_case_name).take();
}
Bytes iam_names_of(std::string_view account) { return KeyBuilder(account).take(); }
Bytes policy_version(std::string_view account, std::string_view policy_id, std::uint32_t number) {
  return KeyBuilder(account).text(policy_id).u32(number).take();
}
Bytes iam_link(std::string_view account, std::string_view from_id, std::string_view to_id) {
  return KeyBuilder(account).text(from_id).text(to_id).take();
}
Bytes iam_links_of(std::string_view account, std::string_view from_id) {
  return KeyBuilder(account).text(from_id).take();
}

}  // namespace record_key

RowId session_row(std::string_view access_key_id) {
  RowId row;
  const std::string_view random = access_key_id.substr(std::min(kSessionPrefix.size(), access_key_id.size()));
  std::copy_n(random.begin(), std::min(random.size(), row.bytes.size()), row.bytes.begin());
  return row;
}

std::string session_of_row(const RowId& row) {
  return std::string(kSessionPrefix).append(as_text(ByteView(row.bytes)));
}

namespace {

bool is_due_kind(std::uint8_t number) {
  switch (static_cast<DueKind>(number)) {
    case DueKind::kRotate:
    case DueKind::kDelete:
    case DueKind::kReplicate:
    case DueKind::kRemoveGrants:
    case DueKind::kExpireMaterial:
    case DueKind::kExpirePendingMaterial:
    case DueKind::kSessionExpiry:
      return true;
  }
  return false;
}

}  // namespace

Result<DueEntry> parse_due_key(ByteView key) {
  ByteReader reader(key);
  DueEntry entry;
  TRY_ASSIGN(const std::uint64_t order, reader.u64());
  entry.when.micros = static_cast<std::int64_t>(order ^ kSignBit);
  TRY_ASSIGN(const ByteView account, reader.take(12));
  entry.account = as_text(account);
  if (!is_account_id(entry.account)) return fail(ErrorCode::kCorrupt, "A due entry's account is not 12 digits.");
  TRY_ASSIGN(const ByteView row, reader.take(entry.row.bytes.size()));
  std::copy(row.begin(), row.end(), entry.row.bytes.begin());
  TRY_ASSIGN(const std::uint8_t kind, reader.u8());
  if (!is_due_kind(kind)) return fail(ErrorCode::kCorrupt, "A due entry asks for something unknown.");
  entry.kind = static_cast<DueKind>(kind);
  TRY(reader.expect_end());
  return entry;
}

namespace {

// The account and the texts that follow the name of a kind of job.
Result<std::vector<std::string>> parse_job(ByteView key, std::string_view kind, std::size_t texts) {
  const auto broken = [] { return fail(ErrorCode::kCorrupt, "A job of the store names no custom key store."); };
  constexpr std::size_t kAccountSize = 12;
  std::string_view rest = as_text(key);
  if (!rest.starts_with(kind) || rest.size() < kind.size() + 1 + kAccountSize) return broken();
  rest.remove_prefix(kind.size() + 1);
  std::vector<std::string> parts = {std::string(rest.substr(0, kAccountSize))};
  rest.remove_prefix(kAccountSize);
  for (std::size_t zero = rest.find('\0'); zero != std::string_view::npos; zero = rest.find('\0')) {
    parts.emplace_back(rest.substr(0, zero));
    rest.remove_prefix(zero + 1);
  }
  if (!is_account_id(parts[0]) || !rest.empty() || parts.size() != 1 + texts) return broken();
  return parts;
}

}  // namespace

Result<ConnectionJob> parse_connection_job(ByteView key) {
  TRY_ASSIGN(auto parts, parse_job(key, kConnectionJob, 2));
  return ConnectionJob{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

Result<HsmRemovalJob> parse_hsm_removal_job(ByteView key) {
  TRY_ASSIGN(auto parts, parse_job(key, kHsmRemovalJob, 3));
  return HsmRemovalJob{std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
}

Result<RetireeEntry> parse_grant_retiree(ByteView key, ByteView prefix) {
  constexpr std::size_t kGrantIdSize = 64;
  ByteReader reader(key);
  RetireeEntry entry;
  TRY_ASSIGN(const ByteView begin, reader.take(prefix.size()));
  if (!std::equal(begin.begin(), begin.end(), prefix.begin())) {
    return fail(ErrorCode::kCorrupt, "A grant to retire is not of the list that it lies in.");
  }
  TRY_ASSIGN(const ByteView grant_id, reader.take(kGrantIdSize));
  entry.grant_id = as_text(grant_id);
  TRY_ASSIGN(const ByteView account, reader.take(12));
  entry.account = as_text(account);
  if (!is_account_id(entry.account)) return fail(ErrorCode::kCorrupt, "A grant's account is not 12 digits.");
  TRY_ASSIGN(const ByteView row, reader.take(entry.row.bytes.size()));
  std::copy(row.begin(), row.end(), entry.row.bytes.begin());
  TRY(reader.expect_end());
  return entry;
}

}  // namespace kagimori
