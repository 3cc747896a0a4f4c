#include "engine/grants.h"

#include <map>

#include "engine/dry_run.h"
#include "engine/grant_facts.h"
#include "engine/grant_party.h"
#include "engine/grant_records.h"
#include "engine/marker.h"
#include "model/arn.h"

namespace kagimori {
namespace {

// Greater than any byte that follows a grant id in a primary key: a scan after it begins at the next grant.
constexpr std::uint8_t kEnd = 0xff;
constexpr std::size_t kPage = 128;

// A list that takes one grant after the other until it is full.
class Page {
 public:
  Page(Transaction& transaction, const ListMarkers& markers, std::size_t limit)
      : transaction_(transaction), markers_(markers), limit_(limit) {}

  // False once there is one more than the page holds.
  Result<bool> add(Grant grant) {
    if (list_.grants.size() == limit_) {
      list_.next_marker = markers_.make(list_.grants.back().grant.grant_id);
      return false;
    }
    GrantEntry entry;
    TRY_ASSIGN(entry.grantee_principal, shown(grant.grantee));
    TRY_ASSIGN(entry.retiring_principal, shown(grant.retiree));
    entry.grant = std::move(grant);
    list_.grants.push_back(std::move(entry));
    return true;
  }
  GrantList take() && { return std::move(list_); }

 private:
  // Few principals are in many grants.
  Result<std::string> shown(const GrantParty& party) {
    const auto known = shown_.find({party.principal, party.identity});
    if (known != shown_.end()) return known->second;
    TRY_ASSIGN(std::string text, shown_principal(transaction_, party));
    shown_.emplace(std::pair(party.principal, party.identity), text);
    return text;
  }

  std::map<std::pair<std::string, std::string>, std::string> shown_;
  Transaction& transaction_;
  const ListMarkers& markers_;
  std::size_t limit_;
  GrantList list_;
};

Bytes place_after(const Bytes& prefix, std::string_view grant_id) {
  Bytes after = prefix;
  after.insert(after.end(), grant_id.begin(), grant_id.end());
  after.push_back(kEnd);
  return after;
}

Result<Bytes> first_place(const ListMarkers& markers, const Bytes& prefix, const std::optional<std::string>& marker) {
  if (!marker) return Bytes();
  TRY_ASSIGN(const std::string last, markers.open(*marker));
  return place_after(prefix, last);
}

void put_list_parameters(Trail& trail, std::size_t limit, const std::optional<std::string>& marker) {
  trail.parameter_json("limit", std::to_string(limit));
  if (marker) trail.parameter("marker", *marker);
}

// The grants of a key, or those of them to one grantee.
Result<GrantList> grants_of_key(Transaction& transaction, const Key& key, const std::optional<std::string>& identity,
                                const ListGrantsRequest& request) {
  const Table table = identity ? Table::kGrantGrantees : Table::kGrants;
  const Bytes prefix = identity ? record_key::grants_of_grantee(key.account, key.row, *identity)
                                : record_key::of_key(key.account, key.row);
  const ListMarkers markers(transaction.crypto(), "ListGrants", prefix);
  TRY_ASSIGN(const Bytes after, first_place(markers, prefix, request.marker));
  TRY_ASSIGN(auto rows, transaction.scan<Grant>(key.account, table, prefix, after, request.limit + 1));
  Page page(transaction, markers, request.limit);
  for (Loaded<Grant>& row : rows) {
    TRY_ASSIGN(const bool more, page.add(std::move(row.record)));
    if (!more) break;
  }
  return std::move(page).take();
}

bool matches(const Grant& grant, const std::optional<std::string>& identity) {
  return !identity || grant.grantee.identity == *identity;
}

// Whether the grant's key can still be named, so that the grant means something.
Result<bool> is_alive(Transaction& transaction, const Grant& grant) {
  TRY_ASSIGN(const auto row, transaction.get<RowId>(grant.account, Table::kKeyIds,
                                                    record_key::key_id(grant.account, grant.region, grant.key_id)));
  return row && *row == grant.row;
}

// ListRetirableGrants: identity policies decide, on the principal; nobody asks for the principals of another account.
Status authorize_list_retirable(Transaction& transaction, const ListRetirableGrantsRequest& request) {
  constexpr std::string_view kAction = "kms:ListRetirableGrants";
  if (request.retiring_principal.empty()) return transaction.authorize({kAction, "*", nullptr, false, {}});
  const std::string arn = principal_arn(request.retiring_principal);
  TRY(transaction.authorize({kAction, arn, nullptr, false, {}}));
  const auto parsed = parse_arn(arn);
  if (!parsed || parsed->account == transaction.account()) return {};
  return fail(ErrorCode::kAccessDenied, access_denied_message(DecisionReason::kNotAcrossAccounts,
                                                              transaction.caller().identity->arn, kAction, arn));
}

}  // namespace

Result<GrantList> list_grants(Transaction& transaction, const ListGrantsRequest& request) {
  Trail& trail = transaction.trail();
  trail.parameter("keyId", request.key_id);
  put_list_parameters(trail, request.limit, request.marker);
  if (!request.grant_id.empty()) {
    trail.parameter("grantId", request.grant_id);
    TRY(check_grant_id(request.grant_id));
  }
  const bool by_grantee = !request.grantee_principal.empty() || !request.grantee_service_principal.empty();
  if (!request.grantee_principal.empty()) trail.parameter("granteePrincipal", request.grantee_principal);
  if (!request.grantee_service_principal.empty()) {
    trail.parameter("granteeServicePrincipal", request.grantee_service_principal);
  }
  if (!request.grantee_principal.empty() && !request.grantee_service_principal.empty()) {
    return fail(ErrorCode::kValidation, "Specify at most one of GranteePrincipal and GranteeServicePrincipal.");
  }
  TRY_ASSIGN(const TransactionKey key, transaction.find_key(request.key_id, false));
  RequestFacts facts;
  facts.grant_is_for_aws_resource = false;
  TRY(transaction.authorize_key("kms:ListGrants", key, facts, true));
  TRY(check_key_state(KmsOperation::kListGrants, key.state(), key.arn));
  std::optional<std::string> identity;
  if (by_grantee) {
    TRY_ASSIGN(identity, listed_identity(transaction, request.grantee_principal, request.grantee_service_principal));
  }
  if (request.grant_id.empty()) return grants_of_key(transaction, key.key, identity, request);
  const ListMarkers none(transaction.crypto(), "ListGrants", as_bytes(request.grant_id));
  Page page(transaction, none, 1);
  TRY_ASSIGN(auto grant, find_grant(transaction, key.key.account, key.key.row, request.grant_id));
  if (grant && matches(*grant, identity)) TRY(page.add(*std::move(grant)));
  return std::move(page).take();
}

Result<GrantList> list_retirable_grants(Transaction& transaction, const ListRetirableGrantsRequest& request) {
  Trail& trail = transaction.trail();
  if (!request.retiring_principal.empty()) trail.parameter("retiringPrincipal", request.retiring_principal);
  if (!request.retiring_service_principal.empty()) {
    trail.parameter("retiringServicePrincipal", request.retiring_service_principal);
  }
  put_list_parameters(trail, request.limit, request.marker);
  if (request.retiring_principal.empty() == request.retiring_service_principal.empty()) {
    return fail(ErrorCode::kValidation, "Specify either RetiringPrincipal or RetiringServicePrincipal.");
  }
  TRY(authorize_list_retirable(transaction, request));
  TRY_ASSIGN(const std::string identity,
             listed_identity(transaction, request.retiring_principal, request.retiring_service_principal));
  const bool own_keys_only = request.retiring_principal.empty();
  const Bytes prefix = record_key::grants_of_retiree(identity, transaction.region());
  const ListMarkers markers(transaction.crypto(), "ListRetirableGrants", prefix);
  TRY_ASSIGN(Bytes after, first_place(markers, prefix, request.marker));
  Page page(transaction, markers, request.limit);
  for (;;) {
    TRY_ASSIGN(const auto rows, transaction.scan<Bytes>(kSystemAccount, Table::kGrantRetirees, prefix, after, kPage));
    for (const Loaded<Bytes>& row : rows) {
      TRY_ASSIGN(const RetireeEntry place, parse_grant_retiree(row.key, prefix));
      if (own_keys_only && place.account != transaction.account()) continue;
      TRY_ASSIGN(auto grant, find_grant(transaction, place.account, place.row, place.grant_id));
      if (!grant) continue;
      TRY_ASSIGN(const bool alive, is_alive(transaction, *grant));
      if (!alive) continue;
      TRY_ASSIGN(const bool more, page.add(*std::move(grant)));
      if (!more) return std::move(page).take();
    }
    if (rows.size() < kPage) return std::move(page).take();
    after = rows.back().key;
  }
}

Status revoke_grant(Transaction& transaction, std::string_view key_id, std::string_view grant_id, bool dry_run) {
  transaction.trail().parameter("keyId", key_id).parameter("grantId", grant_id);
  TRY(check_grant_id(grant_id));
  TRY_ASSIGN(const TransactionKey key, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.grant_is_for_aws_resource = false;
  TRY(transaction.authorize_key("kms:RevokeGrant", key, facts, true));
  TRY(check_key_state(KmsOperation::kRevokeGrant, key.state(), key.arn));
  TRY_ASSIGN(const auto grant, find_grant(transaction, key.key.account, key.key.row, grant_id));
  if (!grant) return fail(no_grant(grant_id));
  if (dry_run) return dry_run_done();
  transaction.trail().response("keyId", key.arn);
  return erase_grant(transaction, *grant);
}

}  // namespace kagimori
