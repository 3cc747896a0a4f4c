#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/log.h"
#include "engine/dry_run.h"
#include "engine/grant_facts.h"
#include "engine/grant_party.h"
#include "engine/grant_records.h"
#include "engine/grant_token.h"
#include "engine/grants.h"

namespace kagimori {
namespace {

using Context = GrantConstraints::Context;

constexpr std::size_t kPage = 128;
constexpr std::size_t kTokenKeyBytes = 32;

tl::unexpected<Error> refuse(std::string message) { return fail(ErrorCode::kValidation, std::move(message)); }

// What can be said of the request before anything is looked up.
Status check_request(const CreateGrantRequest& request) {
  if (request.operations.empty()) return refuse("Operations must name at least one operation.");
  if (request.grantee_principal.empty() == request.grantee_service_principal.empty()) {
    return refuse("Specify either GranteePrincipal or GranteeServicePrincipal.");
  }
  if (!request.retiring_principal.empty() && !request.retiring_service_principal.empty()) {
    return refuse("Specify at most one of RetiringPrincipal and RetiringServicePrincipal.");
  }
  if (request.grantee_service_principal.empty()) return {};
  if (request.constraints.source_arn.empty()) {
    return refuse("GranteeServicePrincipal needs the constraint SourceArn.");
  }
  if (request.retiring_principal.empty() && request.retiring_service_principal.empty()) {
    return refuse("GranteeServicePrincipal needs RetiringPrincipal or RetiringServicePrincipal.");
  }
  return {};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80; }));
}

Status check_context(std::string_view name, const std::optional<Context>& context) {
  if (!context) return {};
  if (context->size() > kMaxConstraintPairs) {
    return refuse(fmt::format("{} has {} pairs; at most {} are allowed.", name, context->size(), kMaxConstraintPairs));
  }
  for (const auto& pair : *context) {
    if (characters(pair.second) > kMaxConstraintText) {
      return refuse(fmt::format("A value in {} is longer than {} characters.", name, kMaxConstraintText));
    }
  }
  return {};
}

Status check_fit(const CreateGrantRequest& request, const TransactionKey& key) {
  const GrantOperations valid = valid_grant_operations(key.key.type);
  for (const std::string_view name : request.operations.names()) {
    if (valid.has(*grant_operation_by_name(name))) continue;
    return refuse(fmt::format("The operation {} is not valid in a grant for a key of key spec {} and key usage {}.",
                              name, aws_key_spec(key.key.type), aws_key_usage(key.key.type)));
  }
  const GrantConstraints& constraints = request.constraints;
  const bool symmetric = key.key.type.construction == Construction::kEnvelope;
  if (!symmetric && (constraints.equals || constraints.subset)) {
    return refuse("Constraints on the encryption context are for symmetric encryption keys only.");
  }
  TRY(check_context("EncryptionContextEquals", constraints.equals));
  return check_context("EncryptionContextSubset", constraints.subset);
}

// Grants that let their grantee make this one: with CreateGrant among their operations, all of the new grant's
// operations, and constraints that the new grant's are as strict as.
class ParentGrants final : public GrantSource {
 public:
  ParentGrants(Transaction& transaction, const Key& key, const CreateGrantRequest& child)
      : transaction_(transaction), key_(key), child_(child) {}

  Result<bool> allows(std::string_view identity) override {
    const Bytes prefix = record_key::grants_of_grantee(key_.account, key_.row, identity);
    Bytes after;
    for (;;) {
      TRY_ASSIGN(const auto page, transaction_.scan<Grant>(key_.account, Table::kGrantGrantees, prefix, after, kPage));
      for (const Loaded<Grant>& parent : page) {
        if (!covers(parent.record)) continue;
        // The one that decides must still be there at commit.
        TRY_ASSIGN(const auto still, find_grant(transaction_, key_.account, key_.row, parent.record.grant_id));
        return still.has_value();
      }
      if (page.size() < kPage) return false;
      after = page.back().key;
    }
  }

 private:
  bool covers(const Grant& parent) const {
    GrantOperations needed = child_.operations;
    needed.add(GrantOperation::kCreateGrant);
    // No caller is a service, so that none has a source.
    return parent.operations.has_all(needed) && parent.constraints.source_arn.empty() &&
           is_as_strict(child_.constraints, parent.constraints);
  }

  Transaction& transaction_;
  const Key& key_;
  const CreateGrantRequest& child_;
};

Status authorize_create(Transaction& transaction, const TransactionKey& key, const CreateGrantRequest& request) {
  const std::vector<std::string_view> operations = request.operations.names();
  const std::vector<ContextPair> context = constrained_context(request.constraints);
  RequestFacts facts = grant_facts(request.constraints, context);
  facts.grant_operations = operations;
  facts.grantee_principal = request.grantee_principal;
  facts.grantee_service_principal = request.grantee_service_principal;
  facts.retiring_principal = request.retiring_principal;
  facts.retiring_service_principal = request.retiring_service_principal;
  facts.grant_is_for_aws_resource = false;
  const AccessKeyTarget target = key.target();
  ParentGrants parents(transaction, key.key, request);
  return transaction.authorize({"kms:CreateGrant", key.arn, &target, true, facts, {}, &parents});
}

std::string json_list(const std::vector<std::string_view>& names) {
  std::string json = "[";
  for (const std::string_view name : names) {
    if (json.size() > 1) json.push_back(',');
    append_json_string(json, name);
  }
  return json + "]";
}

std::string json_map(const Context& context) {
  std::string json = "{";
  for (const auto& [name, value] : context) {
    if (json.size() > 1) json.push_back(',');
    append_json_string(json, name);
    json.push_back(':');
    append_json_string(json, value);
  }
  return json + "}";
}

std::string json_constraints(const GrantConstraints& constraints) {
  std::string json = "{";
  const auto add = [&json](std::string_view name, std::string_view value) {
    if (json.size() > 1) json.push_back(',');
    json.append("\"").append(name).append("\":").append(value);
  };
  if (constraints.equals) add("encryptionContextEquals", json_map(*constraints.equals));
  if (constraints.subset) add("encryptionContextSubset", json_map(*constraints.subset));
  if (!constraints.source_arn.empty()) {
    std::string text;
    append_json_string(text, constraints.source_arn);
    add("sourceArn", text);
  }
  return json + "}";
}

void put_parameters(Trail& trail, const CreateGrantRequest& request) {
  trail.parameter("keyId", request.key_id);
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"name", request.name},
      {"granteePrincipal", request.grantee_principal},
      {"granteeServicePrincipal", request.grantee_service_principal},
      {"retiringPrincipal", request.retiring_principal},
      {"retiringServicePrincipal", request.retiring_service_principal},
  };
  for (const auto& [name, text] : texts) {
    if (!text.empty()) trail.parameter(name, text);
  }
  trail.parameter_json("operations", json_list(request.operations.names()));
  if (!request.constraints.empty()) trail.parameter_json("constraints", json_constraints(request.constraints));
}

Result<Grant> new_grant(Transaction& transaction, const Key& key, const CreateGrantRequest& request) {
  Grant grant;
  grant.row = key.row;
  grant.account = key.account;
  grant.region = key.region;
  grant.key_id = key.key_id;
  grant.grant_id = make_grant_id(transaction.random());
  grant.name = request.name;
  grant.issuing_account = transaction.account();
  grant.issued_by = transaction.caller().identity->arn;
  grant.created = transaction.lifecycle_now();
  grant.operations = request.operations;
  grant.constraints = request.constraints;
  grant.token_key.resize(kTokenKeyBytes);
  transaction.random().fill_private(grant.token_key);
  TRY_ASSIGN(grant.grantee, bind_party(transaction, request.grantee_principal, request.grantee_service_principal));
  TRY_ASSIGN(grant.retiree, bind_party(transaction, request.retiring_principal, request.retiring_service_principal));
  return grant;
}

}  // namespace

Result<CreatedGrant> create_grant(Transaction& transaction, const CreateGrantRequest& request) {
  put_parameters(transaction.trail(), request);
  TRY(check_request(request));
  TRY_ASSIGN(const TransactionKey key, transaction.find_key(request.key_id, false));
  TRY(authorize_create(transaction, key, request));
  TRY(check_fit(request, key));
  TRY_ASSIGN(Grant grant, new_grant(transaction, key.key, request));
  TRY(check_key_state(KmsOperation::kCreateGrant, key.state(), key.arn));
  TRY_ASSIGN(std::optional<Grant> same, find_same_grant(transaction, grant));
  if (same) {
    grant = *std::move(same);
  } else {
    TRY(put_grant(transaction, grant));
  }
  if (request.dry_run) return dry_run_done();
  transaction.trail().response("grantId", grant.grant_id).response("keyId", key.arn);
  return CreatedGrant{grant.grant_id,
                      make_grant_token(transaction.crypto(), transaction.random(), grant, transaction.now())};
}

}  // namespace kagimori
