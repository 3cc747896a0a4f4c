#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

// kKey: the resource policy of a key. kIdentity: a policy of a user, role or group, a permissions boundary or a session
// policy. kTrust: who may assume a role; it speaks of that role alone, so it names no resource.
enum class PolicyKind : std::uint8_t { kKey, kIdentity, kTrust };

// User, role or session ARN as written in the document -> unique id (AIDA..., AROA...; for a session its role's) at the
// time of writing. Stored beside the text for ever, so that a re-created user inherits nothing.
using PrincipalBindings = std::map<std::string, std::string, std::less<>>;

// Validates the whole document and lists each principal that must exist: the ARNs that need a binding and the unique
// ids of Principal and NotPrincipal, once each, sorted. Errors as CompiledPolicy::compile. Identity policies name
// nobody.
Result<std::vector<std::string>> named_principals(std::string_view text, PolicyKind kind);

// A validated policy, made for being evaluated many times. Immutable: any thread.
class CompiledPolicy {
 public:
  struct Statement;

  // kMalformedPolicyDocument (kKey) or kMalformedPolicy (all others) with AWS's sentence, then what is wrong and in
  // which statement; so too when an ARN has no binding ("invalid principals"). The text is UTF-8 of at most
  // kMaxTextSize bytes; the 32,768 bytes of AWS KMS are the engine's to check (they have their own error).
  static Result<std::shared_ptr<const CompiledPolicy>> compile(std::string_view text, PolicyKind kind,
                                                               const PrincipalBindings& bindings);
  static constexpr std::size_t kMaxTextSize = 131'072;

  explicit CompiledPolicy(std::vector<Statement> statements);
  ~CompiledPolicy();
  // Deny statements first: evaluation may stop at the first match among them.
  const std::vector<Statement>& statements() const { return statements_; }

 private:
  std::vector<Statement> statements_;
};

// Who asks. Views are lent for the call of evaluate().
struct PolicyCaller {
  std::string_view arn;        // user, assumed-role session, or arn:...:root
  std::string_view unique_id;  // of the user, or of the role behind a session, without ":session"
  std::string_view account;    // 12 digits
  bool is_root = false;        // the root user of `account`
  std::string_view service;    // "logs.amazonaws.com" when a service principal calls; else empty
  bool is_role = false;        // a role session: `arn` is the session's
};

// The values of one condition key. Never allocates for up to kInline values.
class ConditionValues {
 public:
  static constexpr std::size_t kInline = 16;

  // The view must stay valid until evaluate() returns.
  void add(std::string_view value);
  void clear();
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view operator[](std::size_t i) const { return i < kInline ? inline_[i] : spilled_[i - kInline]; }

 private:
  std::array<std::string_view, kInline> inline_{};
  std::vector<std::string_view> spilled_;
  std::size_t size_ = 0;
};

// Where condition keys and policy variables come from; asked only for keys that the policy names.
class ConditionSource {
 public:
  virtual ~ConditionSource() = default;
  // `lower_case_key` is the key with A-Z folded ("kms:encryptioncontext:purpose", "aws:principaltag/team"): names of
  // encryption context entries and tags are to be compared case-insensitively. Adds each value to `out` (empty on
  // entry) and answers whether the key is present; present without values counts as absent. Booleans are "true" and
  // "false", numbers decimal, dates ISO 8601 or epoch seconds, binary values base64.
  virtual bool get(std::string_view lower_case_key, ConditionValues& out) const = 0;

  // What the policies of one request may cost, in steps of matching. Policies come from tenants and their patterns may
  // cost the product of pattern and value; past the budget nothing matches any more, and the request must be refused.
  static constexpr std::size_t kMaxSteps = 1'000'000;  // some milliseconds
  bool spend(std::size_t steps) const {
    steps_ = steps > kMaxSteps - steps_ ? kMaxSteps : steps_ + steps;
    return !exhausted();
  }
  bool exhausted() const { return steps_ == kMaxSteps; }

 private:
  mutable std::size_t steps_ = 0;
};

struct PolicyRequest {
  const PolicyCaller& caller;
  std::string_view action;    // "kms:Encrypt"
  std::string_view resource;  // ARN, or "*" for operations without a resource
  const ConditionSource& conditions;
};

struct PolicyOutcome {
  // In rising strength, so that outcomes of several policies combine by the greater (see stronger()).
  enum class Kind : std::uint8_t {
    kNoMatch,
    kAllowAccount,    // a key policy allows the caller's account: the caller's identity policies must allow too
    kAllowBounded,    // allows everybody, or the role behind the caller's session: boundary and session policies limit
    kAllowPrincipal,  // allows the caller itself: the user or session named, service; or an identity policy allows
    kDeny,
  };

  Kind kind = Kind::kNoMatch;
  std::size_t statement = 0;  // position of the deciding statement in the document, from 0; meaningless for kNoMatch
  std::string_view sid;       // its Sid; lives as long as the CompiledPolicy

  static const PolicyOutcome& stronger(const PolicyOutcome& a, const PolicyOutcome& b) {
    return b.kind > a.kind ? b : a;
  }
};

// Pure; does not allocate unless a condition key has more than ConditionValues::kInline values.
PolicyOutcome evaluate(const CompiledPolicy& policy, const PolicyRequest& request);

}  // namespace kagimori
