#include "policy/document.h"

#include <algorithm>
#include <array>
#include <set>

#include "policy/ascii.h"
#include "policy/json_tree.h"
#include "policy/statement_parser.h"

namespace kagimori {
namespace {

using Kind = JsonNode::Kind;
namespace sentence = policy_sentence;

// TAB, LF, CR and U+0020 to U+00FF, in UTF-8.
bool has_policy_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\t' || byte == '\n' || byte == '\r' || (byte >= 0x20 && byte < 0x80)) continue;
    if (byte != 0xc2 && byte != 0xc3) return false;
    ++i;
    if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return false;
  }
  return true;
}

class DocumentParser {
 public:
  explicit DocumentParser(PolicyKind kind) : kind_(kind) {}

  Result<PolicyDocument> parse(std::string_view text) {
    if (text.size() > CompiledPolicy::kMaxTextSize) return broken("the document is longer than 131072 bytes");
    if (!has_policy_characters(text)) {
      return broken("the document may hold TAB, LF, CR and the characters U+0020 to U+00FF in UTF-8 only");
    }
    auto tree = parse_json_object(text);
    if (!tree) return broken(tree.error().message);
    return top(*tree);
  }

 private:
  tl::unexpected<Error> broken(std::string_view detail) const {
    return malformed({kind_, {}, {}}, sentence::kSyntax, detail);
  }

  Result<PolicyDocument> top(const JsonNode& tree) {
    const JsonNode* statements = nullptr;
    for (const JsonMember& member : tree.members) {
      if (member.name == "Version") {
        TRY(version(member.value));
      } else if (member.name == "Id") {
        if (!member.value.is(Kind::kString)) return broken("Id must be a string");
      } else if (member.name == "Statement") {
        statements = &member.value;
      } else {
        return broken("unknown element " + quoted(member.name));
      }
    }
    // IAM takes nothing older for a user; a key policy without a version is of 2008-10-17.
    if (kind_ == PolicyKind::kIdentity && !variables_) {
      return malformed({kind_, {}, {}}, sentence::kVersion, "Version must be \"2012-10-17\"");
    }
    if (statements == nullptr) return broken("the element Statement is missing");
    return all_statements(*statements);
  }

  Status version(const JsonNode& node) {
    if (!node.is(Kind::kString)) return broken("Version must be a string");
    if (node.text != "2012-10-17" && node.text != "2008-10-17") {
      return malformed({kind_, {}, {}}, sentence::kSyntax,
                       "Version must be \"2012-10-17\" or \"2008-10-17\", not " + quoted(node.text));
    }
    variables_ = node.text == "2012-10-17";
    return {};
  }

  Result<PolicyDocument> all_statements(const JsonNode& node) {
    PolicyDocument document;
    if (node.is(Kind::kObject)) {
      TRY_ASSIGN(PolicyStatement only, parse_policy_statement(node, 0, kind_, variables_));
      document.statements.push_back(std::move(only));
      return document;
    }
    if (!node.is(Kind::kArray) || node.items.empty()) {
      return broken("Statement must be an object or a list of at least one object");
    }
    if (node.items.size() > kMaxPolicyStatements) return broken("there are more than 1000 statements");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      TRY_ASSIGN(PolicyStatement statement, parse_policy_statement(node.items[i], i, kind_, variables_));
      document.statements.push_back(std::move(statement));
    }
    TRY(check_sids(document));
    return document;
  }

  // IAM insists on it; key policies with equal Sids have always been stored.
  Status check_sids(const PolicyDocument& document) const {
    if (kind_ == PolicyKind::kKey) return {};
    std::set<std::string_view> seen;
    for (const PolicyStatement& statement : document.statements) {
      if (statement.sid.empty() || seen.insert(statement.sid).second) continue;
      return malformed(statement.place(kind_), sentence::kSidUnique, "an earlier statement has the same Sid");
    }
    return {};
  }

  PolicyKind kind_;
  bool variables_ = false;
};

}  // namespace

Result<PolicyDocument> parse_policy_document(std::string_view text, PolicyKind kind) {
  return DocumentParser(kind).parse(text);
}

}  // namespace kagimori
