#pragma once

#include <string>
#include <string_view>

#include "engine/managed_policies.h"

namespace kagimori {

// Permissions boundaries of users and roles (AWS IAM API reference: PutUserPermissionsBoundary,
// DeleteUserPermissionsBoundary, and the same of roles). R is User or Role. A policy that bounds somebody can't be
// deleted. kNoSuchEntity where there is no such owner or policy.

template <typename R>
Status put_boundary(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn);
template <typename R>
Status delete_boundary(Transaction& transaction, std::string_view owner_name);
// For a user or role that is being made, whose id is drawn; nothing for an empty ARN.
template <typename R>
Status set_first_boundary(Transaction& transaction, R& record, std::string_view policy_arn);
// For one that is being deleted.
template <typename R>
Status release_boundary(Transaction& transaction, const R& record);
// Where those whom a policy bounds are listed, beside those it is attached to.
std::string boundary_list(std::string_view policy_id);

}  // namespace kagimori
