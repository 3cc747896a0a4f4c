#include "policy/statement_parser.h"

#include <algorithm>
#include <set>

#include "policy/arn.h"
#include "policy/ascii.h"

namespace kagimori {
namespace {

using Kind = JsonNode::Kind;
using StringList = std::vector<std::string>;
namespace sentence = policy_sentence;

class StatementParser {
 public:
  StatementParser(std::size_t index, PolicyKind kind, bool variables) : kind_(kind), variables_(variables) {
    statement_.index = index;
  }

  Result<PolicyStatement> parse(const JsonNode& node) {
    if (!node.is(Kind::kObject)) return syntax("a statement must be an object");
    TRY(sid(node));
    for (const JsonMember& member : node.members) TRY(element(member));
    TRY(check_complete());
    TRY(check_not_too_permissive());
    if (kind_ == PolicyKind::kTrust) {
      TRY_ASSIGN(ArnPattern every, ArnPattern::compile("*", variables_));
      statement_.resources.emplace().push_back(std::move(every));
    }
    return std::move(statement_);
  }

 private:
  tl::unexpected<Error> malformed_here(std::string_view sentence, std::string_view detail) const {
    return malformed(statement_.place(kind_), sentence, detail);
  }
  tl::unexpected<Error> syntax(std::string_view detail) const { return malformed_here(sentence::kSyntax, detail); }

  // First of all, so that every other error can name the statement.
  Status sid(const JsonNode& node) {
    for (const JsonMember& member : node.members) {
      if (member.name != "Sid") continue;
      if (!member.value.is(Kind::kString)) return syntax("Sid must be a string");
      statement_.sid = member.value.text;
    }
    const bool alphanumeric = std::all_of(statement_.sid.begin(), statement_.sid.end(), is_ascii_alphanumeric);
    if (kind_ != PolicyKind::kKey && !alphanumeric) {
      return malformed_here(sentence::kSidShape, "the Sid holds another character");
    }
    return {};
  }

  Status element(const JsonMember& member) {
    const std::string& name = member.name;
    if (name == "Sid") return {};
    if (name == "Effect") return effect(member.value);
    if (name == "Principal" || name == "NotPrincipal") return principals(member);
    if (name == "Action" || name == "NotAction") return actions(member);
    if (name == "Resource" || name == "NotResource") return resources(member);
    if (name == "Condition") return conditions(member.value);
    return syntax("unknown element " + quoted(name));
  }

  Status effect(const JsonNode& node) {
    const bool allow = node.is(Kind::kString) && node.text == "Allow";
    const bool deny = node.is(Kind::kString) && node.text == "Deny";
    if (!allow && !deny) return syntax("Effect must be \"Allow\" or \"Deny\"");
    statement_.effect = allow ? PolicyEffect::kAllow : PolicyEffect::kDeny;
    has_effect_ = true;
    return {};
  }

  // A string or a list of strings.
  Result<StringList> strings(const JsonMember& member) const {
    StringList list;
    if (member.value.is(Kind::kString)) {
      list.push_back(member.value.text);
      return list;
    }
    if (!member.value.is(Kind::kArray)) return syntax(member.name + " must be a string or a list of strings");
    for (const JsonNode& item : member.value.items) {
      if (!item.is(Kind::kString)) return syntax(member.name + " must be a string or a list of strings");
      list.push_back(item.text);
    }
    return list;
  }

  Status principals(const JsonMember& member) {
    if (kind_ == PolicyKind::kIdentity) {
      return malformed_here(sentence::kPrincipalForbidden, "an identity policy speaks of the one it is attached to");
    }
    if (has_principal_) return syntax("Principal and NotPrincipal exclude each other");
    has_principal_ = true;
    statement_.not_principal = member.name == "NotPrincipal";
    if (member.value.is(Kind::kString)) {
      if (member.value.text != "*") return invalid_principal(member.value.text);
      TRY(principal("AWS", member.value));
      statement_.principals.back().bare = true;
      return {};
    }
    if (!member.value.is(Kind::kObject)) return syntax(member.name + " must be \"*\" or an object");
    for (const JsonMember& type : member.value.members) TRY(principals_of_type(type));
    if (statement_.principals.empty()) return invalid_principal("{}");
    return {};
  }

  Status principals_of_type(const JsonMember& type) {
    if (type.value.is(Kind::kString)) return principal(type.name, type.value);
    if (!type.value.is(Kind::kArray)) return syntax(quoted(type.name) + " must be a string or a list of strings");
    if (type.value.items.empty()) return invalid_principal("[]");
    for (const JsonNode& item : type.value.items) {
      if (!item.is(Kind::kString)) return syntax(quoted(type.name) + " must be a string or a list of strings");
      TRY(principal(type.name, item));
    }
    return {};
  }

  Status principal(std::string_view type, const JsonNode& node) {
    auto parsed = parse_principal(type, node.text);
    if (!parsed) return invalid_principal(node.text);
    parsed->begin = node.begin;
    parsed->end = node.end;
    statement_.principals.push_back(*std::move(parsed));
    return {};
  }

  tl::unexpected<Error> invalid_principal(std::string_view text) const {
    return malformed_here(sentence::kInvalidPrincipal, quoted(text) + " can't be a principal");
  }

  Status actions(const JsonMember& member) {
    if (statement_.actions) return syntax("Action and NotAction exclude each other");
    statement_.not_action = member.name == "NotAction";
    TRY_ASSIGN(const StringList list, strings(member));
    if (list.empty()) return malformed_here(sentence::kNoActions, member.name + " is empty");
    statement_.actions.emplace();
    for (const std::string& action : list) {
      TRY(check_action(action));
      if (kind_ == PolicyKind::kTrust && !ascii_lowered(action).starts_with("sts:")) {
        return malformed_here(sentence::kTrustActions, "action " + quoted(action));
      }
      TRY_ASSIGN(Pattern pattern, Pattern::compile(action, {.wildcards = true, .ignore_case = true}));
      statement_.actions->push_back(std::move(pattern));
    }
    return {};
  }

  Status check_action(std::string_view action) const {
    if (action == "*") return {};
    const std::size_t colon = action.find(':');
    if (colon == std::string_view::npos) return malformed_here(sentence::kVendor, "action " + quoted(action));
    const std::string_view vendor = action.substr(0, colon);
    const std::string_view name = action.substr(colon + 1);
    if (name.find(':') != std::string_view::npos)
      return malformed_here(sentence::kOneColon, "action " + quoted(action));
    const bool vendor_ok = !vendor.empty() && std::all_of(vendor.begin(), vendor.end(), [](char c) {
      return is_ascii_alphanumeric(c) || c == '-' || c == '.';
    });
    if (vendor != "*" && !vendor_ok) {
      return malformed_here("Vendor " + std::string(vendor.substr(0, 64)) + " is not valid.",
                            "action " + quoted(action));
    }
    const bool name_ok = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return is_ascii_alphanumeric(c) || c == '*' || c == '?' || c == '-' || c == '_';
    });
    if (!name_ok) return syntax(quoted(action) + " is not an action");
    return {};
  }

  Status resources(const JsonMember& member) {
    if (kind_ == PolicyKind::kTrust) {
      return malformed_here(sentence::kResourceForbidden, "a trust policy speaks of its own role");
    }
    if (statement_.resources) return syntax("Resource and NotResource exclude each other");
    statement_.not_resource = member.name == "NotResource";
    TRY_ASSIGN(const StringList list, strings(member));
    if (list.empty()) return malformed_here(sentence::kNoResources, member.name + " is empty");
    statement_.resources.emplace();
    for (const std::string& resource : list) {
      TRY(check_resource(resource));
      auto pattern = ArnPattern::compile(resource, variables_);
      if (!pattern) return syntax("resource " + quoted(resource) + ": " + pattern.error().message);
      statement_.resources->push_back(*std::move(pattern));
    }
    return {};
  }

  Status check_resource(std::string_view resource) const {
    if (resource == "*") return {};
    const auto parts = variables_ ? split_arn_pattern(resource) : split_arn(resource);
    if (!parts) {
      return malformed_here("Resource " + std::string(resource.substr(0, 128)) + " must be in ARN format or \"*\".",
                            "resource " + quoted(resource));
    }
    const auto& [tag, partition, service, region, account, rest] = *parts;
    if (partition != "*" && !is_partition(partition)) {
      return malformed_here("Partition " + quoted(partition) + " is not valid for resource " + quoted(resource) + ".",
                            "resource " + quoted(resource));
    }
    const auto is_vendor_character = [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '.'; };
    if (service.empty() || !std::all_of(service.begin(), service.end(), is_vendor_character)) {
      return malformed_here("Resource vendor must be fully qualified and cannot contain regexes.",
                            "resource " + quoted(resource));
    }
    const auto is_field_character = [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '*' || c == '?'; };
    if (!std::all_of(region.begin(), region.end(), is_field_character) ||
        !std::all_of(account.begin(), account.end(), is_field_character)) {
      return syntax("resource " + quoted(resource) + " has a malformed Region or account (policy variables may stand " +
                    "after the fifth colon only)");
    }
    return {};
  }

  Status conditions(const JsonNode& node) {
    if (!node.is(Kind::kObject)) return syntax("Condition must be an object");
    for (const JsonMember& op : node.members) {
      if (!op.value.is(Kind::kObject)) return syntax("condition " + quoted(op.name) + " must be an object");
      if (!parse_operator(op.name))
        return malformed_here("Invalid Condition type : " + op.name.substr(0, 64) + ".",
                              "there is no condition operator " + quoted(op.name));
      std::set<std::string> keys;
      for (const JsonMember& key : op.value.members) {
        if (!keys.insert(ascii_lowered(key.name)).second) {
          return syntax("condition key " + quoted(key.name) + " appears twice under " + quoted(op.name));
        }
        TRY(condition(op.name, key));
      }
    }
    return {};
  }

  Status condition(std::string_view operator_name, const JsonMember& key) {
    StringList values;
    const bool list = key.value.is(Kind::kArray);
    if (list && key.value.items.empty()) return syntax("condition key " + quoted(key.name) + " has no value");
    const JsonNode* const first = list ? key.value.items.data() : &key.value;
    for (const JsonNode* item = first; item != first + (list ? key.value.items.size() : 1); ++item) {
      if (!item->is(Kind::kString) && !item->is(Kind::kNumber) && !item->is(Kind::kBoolean)) {
        return syntax("condition key " + quoted(key.name) + " must have strings, numbers or booleans as values");
      }
      values.push_back(item->text);
    }
    if (key.name.find(':') == std::string::npos) {
      return malformed_here(sentence::kVendor, "condition key " + quoted(key.name));
    }
    auto compiled = Condition::compile(operator_name, key.name, values, variables_);
    if (!compiled) return syntax(compiled.error().message);
    statement_.conditions.push_back(*std::move(compiled));
    return {};
  }

  Status check_complete() const {
    if (!has_effect_) return syntax("the element Effect is missing");
    if (kind_ == PolicyKind::kIdentity) {
      if (!statement_.actions) return malformed_here(sentence::kNoActions, "Action and NotAction are missing");
      if (!statement_.resources) return malformed_here(sentence::kNoResources, "Resource and NotResource are missing");
      return {};
    }
    if (kind_ == PolicyKind::kTrust && !statement_.actions) {
      return malformed_here(sentence::kNoActions, "Action and NotAction are missing");
    }
    if (!has_principal_) return malformed_here(sentence::kNoPrincipal, "Principal and NotPrincipal are missing");
    if (statement_.not_principal && statement_.effect == PolicyEffect::kAllow) {
      return syntax("NotPrincipal works with Effect \"Deny\" only: an Allow would reach everybody else in the world");
    }
    return {};
  }

  // An Allow that constrains the encryption context or the request's tags by ForAllValues alone.
  Status check_not_too_permissive() const {
    if (kind_ != PolicyKind::kKey || statement_.effect != PolicyEffect::kAllow) return {};
    const Condition* lonely = nullptr;
    for (const Condition& condition : statement_.conditions) {
      if (!condition.key().starts_with("kms:encryptioncontext:") && !condition.key().starts_with("aws:requesttag/")) {
        continue;
      }
      if (condition.quantifier() != SetQuantifier::kForAllValues) return {};
      lonely = &condition;
    }
    if (lonely == nullptr) return {};
    return malformed_here(sentence::kTooPermissive, "add a condition on " + quoted(lonely->key()) +
                                                        " that is false when the key is absent, such as Null");
  }

  PolicyKind kind_;
  bool variables_;
  bool has_effect_ = false;
  bool has_principal_ = false;
  PolicyStatement statement_;
};

}  // namespace

Result<PolicyStatement> parse_policy_statement(const JsonNode& node, std::size_t index, PolicyKind kind,
                                               bool variables) {
  return StatementParser(index, kind, variables).parse(node);
}

}  // namespace kagimori
