#include "engine/dry_run.h"
#include "engine/grant_facts.h"
#include "engine/grant_records.h"
#include "engine/grant_token.h"
#include "engine/grants.h"

namespace kagimori {
namespace {

// Who may retire a grant by the grant itself (AWS KMS developer guide, "Retiring and revoking grants"): its retiring
// principal, its grantee if RetireGrant is among its operations, and the account that made it. Where that is an
// account, its principals may whose identity policies let them.
class Retirers final : public GrantSource {
 public:
  explicit Retirers(const Grant& grant) : grant_(grant) {}

  Result<bool> allows(std::string_view identity) override {
    return identity == grant_.retiree.identity || identity == grant_.issuing_account ||
           (identity == grant_.grantee.identity && grant_.operations.has(GrantOperation::kRetireGrant));
  }

 private:
  const Grant& grant_;
};

// The key policy takes no part.
Status authorize_retire(Transaction& transaction, const TransactionKey& key, const Grant& grant) {
  AccessKeyTarget target = key.target();
  target.policy = nullptr;
  const std::vector<ContextPair> context = constrained_context(grant.constraints);
  Retirers retirers(grant);
  return transaction.authorize(
      {"kms:RetireGrant", key.arn, &target, true, grant_facts(grant.constraints, context), {}, &retirers});
}

// Whether there is such a grant is for those to learn who may retire the grants that their account made.
Status refuse_unknown(Transaction& transaction, const TransactionKey& key, std::string_view grant_id) {
  Grant none;
  none.issuing_account = key.key.account;
  TRY(authorize_retire(transaction, key, none));
  return fail(no_grant(grant_id));
}

struct NamedGrant {
  TransactionKey key;
  Grant grant;
};

Result<NamedGrant> find_by_token(Transaction& transaction, std::string_view text) {
  TRY_ASSIGN(const GrantToken token, parse_grant_token(text));
  TRY_ASSIGN(auto grant, find_grant(transaction, token.account, token.row, token.grant_id));
  if (!grant || grant->region != transaction.region() || !token.is_authentic(transaction.crypto(), grant->token_key)) {
    return fail(invalid_grant_token());
  }
  TRY_ASSIGN(const auto row, transaction.get<RowId>(grant->account, Table::kKeyIds,
                                                    record_key::key_id(grant->account, grant->region, grant->key_id)));
  TRY_ASSIGN(auto key, transaction.get<Key>(grant->account, Table::kKeys, record_key::key(grant->account, grant->row)));
  if (!key || !row || *row != grant->row) return fail(invalid_grant_token());
  NamedGrant named;
  TRY_ASSIGN(named.key, transaction.load_key(*std::move(key)));
  named.grant = *std::move(grant);
  transaction.trail().resource(named.key.arn);
  return named;
}

Result<NamedGrant> find_by_id(Transaction& transaction, std::string_view key_id, std::string_view grant_id) {
  NamedGrant named;
  TRY_ASSIGN(named.key, transaction.find_key(key_id, false));
  TRY_ASSIGN(auto grant, find_grant(transaction, named.key.key.account, named.key.key.row, grant_id));
  if (!grant) return fail(refuse_unknown(transaction, named.key, grant_id).error());
  named.grant = *std::move(grant);
  return named;
}

Status check_request(const RetireGrantRequest& request) {
  const bool by_token = !request.grant_token.empty();
  const bool by_id = !request.key_id.empty() && !request.grant_id.empty();
  if (by_token == by_id || (by_token && (!request.key_id.empty() || !request.grant_id.empty()))) {
    return fail(ErrorCode::kValidation, "Specify either GrantToken, or KeyId and GrantId.");
  }
  return by_token ? Status() : check_grant_id(request.grant_id);
}

}  // namespace

Status retire_grant(Transaction& transaction, const RetireGrantRequest& request) {
  Trail& trail = transaction.trail();
  if (!request.key_id.empty()) trail.parameter("keyId", request.key_id);
  if (!request.grant_id.empty()) trail.parameter("grantId", request.grant_id);
  TRY(check_request(request));
  TRY_ASSIGN(const NamedGrant named, request.grant_token.empty()
                                         ? find_by_id(transaction, request.key_id, request.grant_id)
                                         : find_by_token(transaction, request.grant_token));
  TRY(authorize_retire(transaction, named.key, named.grant));
  TRY(check_key_state(KmsOperation::kRetireGrant, named.key.state(), named.key.arn));
  if (request.dry_run) return dry_run_done();
  trail.additional("grantId", named.grant.grant_id).response("keyId", named.key.arn);
  return erase_grant(transaction, named.grant);
}

}  // namespace kagimori
