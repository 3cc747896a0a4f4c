#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"
#include "model/grant.h"

namespace kagimori {

// Grants (AWS KMS API reference, operations of the same names). Each runs inside a transaction; shapes and lengths of
// members have been checked by the dialect, meaning is checked here. What a grant allows is in force, or no more, on
// every worker when the operation has returned.

struct CreateGrantRequest {
  std::string key_id;
  std::string name;  // empty for none
  std::string grantee_principal, grantee_service_principal;
  std::string retiring_principal, retiring_service_principal;
  GrantOperations operations;
  GrantConstraints constraints;
  bool dry_run = false;
};
struct CreatedGrant {
  std::string grant_id;
  std::string grant_token;
};
inline constexpr std::size_t kMaxConstraintPairs = 8;
inline constexpr std::size_t kMaxConstraintText = 384;  // characters of a value
Result<CreatedGrant> create_grant(Transaction& transaction, const CreateGrantRequest& request);

// A grant as lists show it.
struct GrantEntry {
  Grant grant;
  std::string grantee_principal, retiring_principal;
};
struct GrantList {
  std::vector<GrantEntry> grants;
  std::optional<std::string> next_marker;
};
struct ListGrantsRequest {
  std::string key_id;
  std::string grant_id, grantee_principal, grantee_service_principal;  // empty: any
  std::size_t limit = 50;
  std::optional<std::string> marker;
};
Result<GrantList> list_grants(Transaction& transaction, const ListGrantsRequest& request);

struct ListRetirableGrantsRequest {
  std::string retiring_principal, retiring_service_principal;
  std::size_t limit = 50;
  std::optional<std::string> marker;
};
// Of a service, those on keys of the caller's account only.
Result<GrantList> list_retirable_grants(Transaction& transaction, const ListRetirableGrantsRequest& request);

struct RetireGrantRequest {
  std::string grant_token;       // or
  std::string key_id, grant_id;  // both
  bool dry_run = false;
};
Status retire_grant(Transaction& transaction, const RetireGrantRequest& request);

Status revoke_grant(Transaction& transaction, std::string_view key_id, std::string_view grant_id, bool dry_run);

}  // namespace kagimori
