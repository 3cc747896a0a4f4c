#include "engine/grant_party.h"

#include <fmt/format.h>

#include "engine/principals.h"
#include "model/arn.h"
#include "policy/principal.h"

namespace kagimori {
namespace {

using Kind = Principal::Kind;

tl::unexpected<Error> invalid(std::string_view principal) {
  return fail(ErrorCode::kInvalidArn, fmt::format("ARN does not refer to a valid principal: {}", principal));
}

// Empty for a user or role that there is not.
Result<std::string> identity_of(Transaction& transaction, const Principal& principal) {
  if (principal.kind == Kind::kAccount) return principal.value;
  TRY_ASSIGN(const std::optional<NamedPrincipal> found, find_principal(transaction, principal.value));
  if (principal.kind == Kind::kEntity) return found ? found->unique_id : std::string();
  TRY_ASSIGN(const ArnView arn, parse_arn(principal.value));
  const std::string_view name = arn.resource.substr(arn.resource.rfind('/') + 1);
  if (arn.resource.starts_with("federated-user/")) return fmt::format("{}:{}", arn.account, name);
  return found ? fmt::format("{}:{}", found->unique_id, name) : principal.value;
}

}  // namespace

Result<GrantParty> bind_party(Transaction& transaction, std::string_view principal, std::string_view service) {
  GrantParty party;
  if (!service.empty()) {
    party.service = service;
    party.identity = service;
  }
  if (principal.empty()) return party;
  const std::optional<Principal> parsed = parse_principal("AWS", principal);
  if (!parsed || (parsed->kind != Kind::kAccount && !parsed->needs_binding())) return invalid(principal);
  party.principal = principal;
  TRY_ASSIGN(party.identity, identity_of(transaction, *parsed));
  if (party.identity.empty()) return invalid(principal);
  return party;
}

Result<std::string> listed_identity(Transaction& transaction, std::string_view principal, std::string_view service) {
  if (!service.empty()) return std::string(service);
  const std::optional<Principal> parsed = parse_principal("AWS", principal);
  if (!parsed || parsed->kind == Kind::kEveryone) return invalid(principal);
  if (parsed->kind == Kind::kUniqueId) return std::string(principal);
  return identity_of(transaction, *parsed);
}

Result<std::string> shown_principal(Transaction& transaction, const GrantParty& party) {
  const std::optional<Principal> parsed = parse_principal("AWS", party.principal);
  if (!parsed || parsed->kind != Kind::kEntity) return party.principal;
  TRY_ASSIGN(const std::string now, identity_of(transaction, *parsed));
  return now == party.identity ? party.principal : party.identity;
}

std::string principal_arn(std::string_view principal) {
  return is_account_id(principal) ? root_arn(principal) : std::string(principal);
}

}  // namespace kagimori
