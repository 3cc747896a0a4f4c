#include "policy/key_policy.h"

#include <algorithm>

#include "base/log.h"
#include "policy/document.h"

namespace kagimori {
namespace {

std::string root_arn(std::string_view account, std::string_view partition) {
  return "arn:" + std::string(partition) + ":iam::" + std::string(account) + ":root";
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// What stands in place of the principal's JSON string, or nothing when it stays.
std::string replacement(const Principal& principal, const PrincipalNames& shown, std::string_view partition) {
  if (principal.kind == Principal::Kind::kEveryone && principal.bare) return R"({"AWS":"*"})";
  if (principal.kind == Principal::Kind::kAccount && principal.bare) {
    return json_string(root_arn(principal.value, partition));
  }
  if (!principal.names_entity()) return {};
  const auto found = shown.find(principal.value);
  return found == shown.end() ? std::string{} : json_string(found->second);
}

}  // namespace

std::string default_key_policy(std::string_view account, std::string_view partition) {
  return R"({"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",)"
         R"("Effect":"Allow","Principal":{"AWS":)" +
         json_string(root_arn(account, partition)) + R"(},"Action":"kms:*","Resource":"*"}]})";
}

Result<std::string> render_key_policy(std::string_view text, const PrincipalNames& shown, std::string_view partition) {
  TRY_ASSIGN(const PolicyDocument document, parse_policy_document(text, PolicyKind::kKey));
  std::string out;
  std::size_t copied = 0;
  // Principals come in the order of the text: statements and their members are kept as written.
  for (const PolicyStatement& statement : document.statements) {
    for (const Principal& principal : statement.principals) {
      const std::string replaced = replacement(principal, shown, partition);
      if (replaced.empty()) continue;
      out += text.substr(copied, principal.begin - copied);
      out += replaced;
      copied = principal.end;
    }
  }
  out += text.substr(copied);
  return out;
}

}  // namespace kagimori
