#include "engine/grant_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.h"
#include "engine/cache_key.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 512;
constexpr std::size_t kRemovedAtOnce = 200;
constexpr std::size_t kShards = 16;
// More grants than are ever under way at a time.
constexpr std::size_t kExactFrom = 4'096;

using Context = GrantConstraints::Context;

void sort(std::optional<Context>& context) {
  if (context) std::sort(context->begin(), context->end());
}

// Over what the caller chose, and the identities that the names stood for.
Bytes name_key(CryptoContext& crypto, const Grant& grant) {
  Grant chosen = grant;
  chosen.grant_id.clear();
  chosen.issued_by.clear();
  chosen.created = {};
  chosen.token_key.clear();
  sort(chosen.constraints.equals);
  sort(chosen.constraints.subset);
  const Sha256Digest digest = sha256(crypto, encode(chosen));
  return record_key::grant_name(grant.account, grant.row, digest);
}

Bytes grant_key(const Grant& grant) { return record_key::grant(grant.account, grant.row, grant.grant_id); }
Bytes grantee_key(const Grant& grant) {
  return record_key::grant_grantee(grant.account, grant.row, grant.grantee.identity, grant.grant_id);
}
Bytes retiree_key(const Grant& grant) {
  return record_key::grant_retiree(grant.retiree.identity, grant.region, grant.grant_id, grant.account, grant.row);
}

Bytes count_key(const Grant& grant) {
  const char digit = grant.grant_id.front();
  return record_key::grant_count(grant.account, grant.row,
                                 static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10));
}

Result<std::uint32_t> decode_count(ByteView content) {
  ByteReader in(content);
  TRY_ASSIGN(const std::uint32_t count, in.u32());
  TRY(in.expect_end());
  return count;
}

Result<std::uint32_t> count_in(Transaction& transaction, const Grant& grant) {
  TRY_ASSIGN(const auto stored, transaction.get<Bytes>(grant.account, Table::kGrantCounts, count_key(grant)));
  return stored ? decode_count(*stored) : std::uint32_t{0};
}

Status put_count(Transaction& transaction, const Grant& grant, std::uint32_t count) {
  if (count == 0) return transaction.erase(Table::kGrantCounts, count_key(grant));
  ByteWriter content;
  content.u32(count);
  return transaction.put(grant.account, Table::kGrantCounts, count_key(grant), content.bytes());
}

Status check_quota(Transaction& transaction, const Grant& grant) {
  const std::size_t quota = transaction.settings().quotas.grants_per_key;
  TRY_ASSIGN(const auto counts, transaction.scan_all<Bytes>(grant.account, Table::kGrantCounts,
                                                            record_key::of_key(grant.account, grant.row)));
  std::size_t sum = 0;
  for (const Loaded<Bytes>& shard : counts) {
    TRY_ASSIGN(const std::uint32_t count, decode_count(shard.record));
    sum += count;
  }
  if (sum >= quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("The key has {} grants, as many as the quota grants_per_key allows.", sum));
  }
  if (sum + kExactFrom < quota) return {};
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    TRY(transaction.get<Bytes>(grant.account, Table::kGrantCounts,
                               record_key::grant_count(grant.account, grant.row, static_cast<std::uint8_t>(shard))));
  }
  return {};
}

void invalidate(Transaction& transaction, const Grant& grant) {
  transaction.invalidate(cache_key::grants(grant.account, grant.row, grant.grantee.identity));
  transaction.invalidate(cache_key::grant_tokens(grant.account, grant.row, grant.grant_id));
}

Status erase_uncounted(Transaction& transaction, const Grant& grant) {
  TRY(transaction.erase(Table::kGrants, grant_key(grant)));
  TRY(transaction.erase(Table::kGrantGrantees, grantee_key(grant)));
  if (!grant.retiree.empty()) TRY(transaction.erase(Table::kGrantRetirees, retiree_key(grant)));
  if (!grant.name.empty()) TRY(transaction.erase(Table::kGrantNames, name_key(transaction.crypto(), grant)));
  invalidate(transaction, grant);
  return {};
}

}  // namespace

Result<std::shared_ptr<const GrantRights>> load_grant_rights(RecordReader& reader, std::string_view account,
                                                             const RowId& row, std::string_view grantee) {
  auto rights = std::make_shared<GrantRights>();
  const Bytes prefix = record_key::grants_of_grantee(account, row, grantee);
  Bytes after;
  for (;;) {
    TRY_ASSIGN(const auto page, reader.scan<Grant>(account, Table::kGrantGrantees, prefix, after, kPage));
    for (const Loaded<Grant>& grant : page) rights->add(grant.record);
    if (page.size() < kPage) return std::shared_ptr<const GrantRights>(std::move(rights));
    after = page.back().key;
  }
}

Result<Bytes> load_grant_token_key(RecordReader& reader, std::string_view account, const RowId& row,
                                   std::string_view grant_id) {
  TRY_ASSIGN(auto grant, reader.get<Grant>(account, Table::kGrants, record_key::grant(account, row, grant_id)));
  return grant ? std::move(grant->record.token_key) : Bytes();
}

Result<std::optional<Grant>> find_grant(Transaction& transaction, std::string_view account, const RowId& row,
                                        std::string_view grant_id) {
  return transaction.get<Grant>(account, Table::kGrants, record_key::grant(account, row, grant_id));
}

Result<std::optional<Grant>> find_same_grant(Transaction& transaction, const Grant& grant) {
  if (grant.name.empty()) return std::optional<Grant>{};
  TRY_ASSIGN(const auto known,
             transaction.get<Bytes>(grant.account, Table::kGrantNames, name_key(transaction.crypto(), grant)));
  if (!known) return std::optional<Grant>{};
  return find_grant(transaction, grant.account, grant.row, as_text(*known));
}

Status put_grant(Transaction& transaction, const Grant& grant) {
  TRY(check_quota(transaction, grant));
  TRY_ASSIGN(const std::uint32_t count, count_in(transaction, grant));
  TRY(put_count(transaction, grant, count + 1));
  const Bytes content = encode(grant);
  TRY(transaction.put_new(grant.account, Table::kGrants, grant_key(grant), content));
  TRY(transaction.put_new(grant.account, Table::kGrantGrantees, grantee_key(grant), content));
  if (!grant.retiree.empty()) TRY(transaction.put_new(kSystemAccount, Table::kGrantRetirees, retiree_key(grant), {}));
  if (!grant.name.empty()) {
    TRY(transaction.put(grant.account, Table::kGrantNames, name_key(transaction.crypto(), grant),
                        as_bytes(grant.grant_id)));
  }
  invalidate(transaction, grant);
  return {};
}

Status erase_grant(Transaction& transaction, const Grant& grant) {
  TRY_ASSIGN(const std::uint32_t count, count_in(transaction, grant));
  if (count > 0) TRY(put_count(transaction, grant, count - 1));
  // Work that has been authorised and waits on the pool looks whether its key is still the same, not its grants.
  transaction.invalidate(cache_key::key(grant.account, grant.region, grant.key_id));
  return erase_uncounted(transaction, grant);
}

Status remove_grants(Transaction& transaction, const Key& key, Timestamp next) {
  const Bytes prefix = record_key::of_key(key.account, key.row);
  TRY_ASSIGN(const auto counts, transaction.scan_all<Bytes>(key.account, Table::kGrantCounts, prefix));
  for (const Loaded<Bytes>& count : counts) TRY(transaction.erase(Table::kGrantCounts, count.key));
  TRY_ASSIGN(const auto grants, transaction.scan<Grant>(key.account, Table::kGrants, prefix, {}, kRemovedAtOnce + 1));
  const bool more = grants.size() > kRemovedAtOnce;
  for (std::size_t i = 0; i < std::min(grants.size(), kRemovedAtOnce); ++i) {
    TRY(erase_uncounted(transaction, grants[i].record));
  }
  if (!more) return {};
  return transaction.put(kSystemAccount, Table::kDue,
                         record_key::due(next, key.account, key.row, static_cast<std::uint8_t>(DueKind::kRemoveGrants)),
                         {});
}

}  // namespace kagimori
