#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "model/ids.h"
#include "model/key_spec.h"

namespace kagimori {

// What a grant may allow (AWS KMS API reference, "GrantOperation"), in AWS's order. Values are stored as bit numbers.
enum class GrantOperation : std::uint8_t {
  kDecrypt,
  kEncrypt,
  kGenerateDataKey,
  kGenerateDataKeyWithoutPlaintext,
  kReEncryptFrom,
  kReEncryptTo,
  kSign,
  kVerify,
  kGetPublicKey,
  kCreateGrant,
  kRetireGrant,
  kDescribeKey,
  kGenerateDataKeyPair,
  kGenerateDataKeyPairWithoutPlaintext,
  kGenerateMac,
  kVerifyMac,
  kDeriveSharedSecret,
  kEncapsulate,
  kDecapsulate,
};
inline constexpr std::size_t kGrantOperationCount = 19;
std::span<const std::string_view> grant_operation_names();  // in the order of the enumeration
// By name ("Encrypt") and by action ("kms:Encrypt"); nullopt for one that no grant allows.
std::optional<GrantOperation> grant_operation_by_name(std::string_view name);
std::optional<GrantOperation> grant_operation_of_action(std::string_view action);

// A set of operations.
class GrantOperations {
 public:
  constexpr GrantOperations() = default;
  explicit constexpr GrantOperations(std::uint32_t bits) : bits_(bits) {}
  constexpr GrantOperations(std::initializer_list<GrantOperation> operations) {
    for (const GrantOperation operation : operations) add(operation);
  }

  constexpr void add(GrantOperation operation) { bits_ |= bit(operation); }
  constexpr void add(GrantOperations others) { bits_ |= others.bits_; }
  constexpr bool has(GrantOperation operation) const { return (bits_ & bit(operation)) != 0; }
  constexpr bool has_all(GrantOperations others) const { return (others.bits_ & ~bits_) == 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  std::vector<std::string_view> names() const;
  bool operator==(const GrantOperations&) const = default;

 private:
  static constexpr std::uint32_t bit(GrantOperation operation) {
    return std::uint32_t{1} << static_cast<unsigned>(operation);
  }
  std::uint32_t bits_ = 0;
};
inline constexpr GrantOperations kAllGrantOperations{(std::uint32_t{1} << kGrantOperationCount) - 1};

// What a grant for a key of this type may hold (AWS KMS developer guide, "Grant operations"); empty for a key that AWS
// cannot express.
GrantOperations valid_grant_operations(const KeyType& type);

// Somebody that a grant names: a principal or a service. Both empty: nobody. `identity` is who that was when the grant
// was made, so that who gets the same name later inherits nothing (the forms of aws:userid, IAM user guide):
//   user, role        its unique id, AIDA... or AROA...
//   session of a role the role's unique id, a colon, the session's name
//   federated user    the account's 12 digits, a colon, the name
//   account           its 12 digits
//   service           its name
struct GrantParty {
  std::string principal;  // as written: an ARN, or the 12 digits of an account
  std::string identity;
  std::string service;  // "logs.amazonaws.com"
  bool empty() const { return principal.empty() && service.empty(); }
  bool operator==(const GrantParty&) const = default;
};

// Under which requests a grant allows. Absent: under all.
struct GrantConstraints {
  using Context = std::vector<std::pair<std::string, std::string>>;
  std::optional<Context> equals;  // EncryptionContextEquals; there, but empty: no encryption context at all
  std::optional<Context> subset;  // EncryptionContextSubset
  std::string source_arn;         // SourceArn, of a call by a service
  bool empty() const { return !equals && !subset && source_arn.empty(); }
  bool operator==(const GrantConstraints&) const = default;
};

// Table kGrants; kGrantGrantees, kGrantRetirees, kGrantNames and kGrantCounts lead to it.
struct Grant {
  RowId row;          // of the key
  AccountId account;  // of the key
  std::string region, key_id;
  std::string grant_id;  // 64 hexadecimal digits
  std::string name;      // empty for none
  AccountId issuing_account;
  std::string issued_by;  // ARN
  Timestamp created;
  GrantParty grantee, retiree;
  GrantOperations operations;
  GrantConstraints constraints;
  // 32 random bytes that authenticate the grant's tokens. Whoever reads it can make tokens, and a token allows nothing.
  Bytes token_key;
  bool operator==(const Grant&) const = default;
};

// 64 lower-case hexadecimal digits.
std::string make_grant_id(RandomSource& random);
bool is_grant_id(std::string_view text);

// What a request has that constraints ask for.
struct ConstrainedUse {
  std::span<const std::pair<std::string_view, std::string_view>> context;
  std::string_view source_arn;  // aws:SourceArn; only calls by services have one
};
// Whether the request is one of those that the constraints leave. DescribeKey and RetireGrant know no encryption
// context, and RetireGrant no source (AWS KMS developer guide, "Grant constraints"). In a context, names are compared
// without regard to the case of A-Z and values exactly (AWS KMS API reference, "GrantConstraints").
bool constraints_allow(const GrantConstraints& constraints, GrantOperation operation, const ConstrainedUse& use);
// Whether every request that `child` leaves is also left by `parent`.
bool is_as_strict(const GrantConstraints& child, const GrantConstraints& parent);

// The pairs as constraints compare them: names in lower case, sorted.
GrantConstraints::Context comparable(std::span<const std::pair<std::string_view, std::string_view>> context);
GrantConstraints::Context comparable(const GrantConstraints::Context& context);

}  // namespace kagimori
