#include "model/grant.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace kagimori {
namespace {

using Context = GrantConstraints::Context;

constexpr std::array<std::string_view, kGrantOperationCount> kNames = {"Decrypt",
                                                                       "Encrypt",
                                                                       "GenerateDataKey",
                                                                       "GenerateDataKeyWithoutPlaintext",
                                                                       "ReEncryptFrom",
                                                                       "ReEncryptTo",
                                                                       "Sign",
                                                                       "Verify",
                                                                       "GetPublicKey",
                                                                       "CreateGrant",
                                                                       "RetireGrant",
                                                                       "DescribeKey",
                                                                       "GenerateDataKeyPair",
                                                                       "GenerateDataKeyPairWithoutPlaintext",
                                                                       "GenerateMac",
                                                                       "VerifyMac",
                                                                       "DeriveSharedSecret",
                                                                       "Encapsulate",
                                                                       "Decapsulate"};

using enum GrantOperation;

// By AWS's KeyUsage; symmetric keys have a row of their own.
struct Row {
  std::string_view usage;
  GrantOperations operations;
};
constexpr GrantOperations kSymmetric = {kEncrypt,
                                        kDecrypt,
                                        kReEncryptFrom,
                                        kReEncryptTo,
                                        kGenerateDataKey,
                                        kGenerateDataKeyWithoutPlaintext,
                                        kGenerateDataKeyPair,
                                        kGenerateDataKeyPairWithoutPlaintext,
                                        kCreateGrant,
                                        kRetireGrant,
                                        kDescribeKey};
constexpr Row kRows[] = {
    {"ENCRYPT_DECRYPT",
     {kEncrypt, kDecrypt, kReEncryptFrom, kReEncryptTo, kGetPublicKey, kCreateGrant, kRetireGrant, kDescribeKey}},
    {"SIGN_VERIFY", {kSign, kVerify, kGetPublicKey, kCreateGrant, kRetireGrant, kDescribeKey}},
    {"KEY_AGREEMENT", {kDeriveSharedSecret, kGetPublicKey, kCreateGrant, kRetireGrant, kDescribeKey}},
    {"GENERATE_VERIFY_MAC", {kGenerateMac, kVerifyMac, kCreateGrant, kRetireGrant, kDescribeKey}},
    {"ENCAPSULATE_DECAPSULATE", {kEncapsulate, kDecapsulate, kGetPublicKey, kCreateGrant, kRetireGrant, kDescribeKey}},
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

template <typename Pairs>
Context made_comparable(const Pairs& context) {
  Context pairs;
  pairs.reserve(context.size());
  for (const auto& [name, value] : context) pairs.emplace_back(lower_case(name), std::string(value));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

bool holds(const Context& all, const Context& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

std::span<const std::string_view> grant_operation_names() { return kNames; }

std::optional<GrantOperation> grant_operation_by_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<GrantOperation>(found - kNames.begin());
}

std::optional<GrantOperation> grant_operation_of_action(std::string_view action) {
  constexpr std::string_view kPrefix = "kms:";
  if (!action.starts_with(kPrefix)) return std::nullopt;
  return grant_operation_by_name(action.substr(kPrefix.size()));
}

std::vector<std::string_view> GrantOperations::names() const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (has(static_cast<GrantOperation>(i))) names.push_back(kNames[i]);
  }
  return names;
}

GrantOperations valid_grant_operations(const KeyType& type) {
  const std::string_view usage = aws_key_usage(type);
  if (aws_key_spec(type) == "SYMMETRIC_DEFAULT") return kSymmetric;
  for (const Row& row : kRows) {
    if (row.usage == usage) return row.operations;
  }
  return {};
}

std::string make_grant_id(RandomSource& random) {
  std::array<std::uint8_t, 32> id{};
  random.fill_public(id);
  return hex_encode(id);
}

bool is_grant_id(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Context comparable(std::span<const std::pair<std::string_view, std::string_view>> context) {
  return made_comparable(context);
}
Context comparable(const Context& context) { return made_comparable(context); }

bool constraints_allow(const GrantConstraints& constraints, GrantOperation operation, const ConstrainedUse& use) {
  if (operation == kRetireGrant) return true;
  if (!constraints.source_arn.empty() && constraints.source_arn != use.source_arn) return false;
  if (operation == kDescribeKey || (!constraints.equals && !constraints.subset)) return true;
  const Context context = comparable(use.context);
  if (constraints.equals && comparable(*constraints.equals) != context) return false;
  return !constraints.subset || holds(context, comparable(*constraints.subset));
}

bool is_as_strict(const GrantConstraints& child, const GrantConstraints& parent) {
  if (!parent.source_arn.empty() && parent.source_arn != child.source_arn) return false;
  const std::optional<Context> equals = child.equals ? std::optional(comparable(*child.equals)) : std::nullopt;
  if (parent.equals && equals != comparable(*parent.equals)) return false;
  if (!parent.subset) return true;
  const Context wanted = comparable(*parent.subset);
  return (equals && holds(*equals, wanted)) || (child.subset && holds(comparable(*child.subset), wanted));
}

}  // namespace kagimori
