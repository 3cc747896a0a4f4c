#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "dialects/aws/json_call.h"
#include "model/key_usage.h"

namespace kagimori::aws {

// Members that many KMS operations share.

// The status of all members that were read, and GrantTokens: each must be one of a grant that there is; kCacheMiss
// where the worker does not know.
Status check_grant_tokens(JsonCall& call, JsonMembers& members);
// Recipient: its shape, then, once all members are known to be good, who that is; null where the request has none.
struct RecipientMember {
  bool is_there = false;
  std::optional<Bytes> document;
};
RecipientMember read_recipient(JsonMembers& members);
using Recipient = std::shared_ptr<const AttestedRecipient>;
Result<Recipient> verified_recipient(JsonCall& call, const RecipientMember& member);
// The plaintext of an answer: under its name, or in CiphertextForRecipient, which takes a third of a millisecond, so on
// the pool.
Status write_plaintext(JsonWriter& json, CryptoContext& crypto, const Recipient& recipient, std::string_view name,
                       const SecretBytes& plaintext);
// The member KeyLastUsage of an answer.
void write_last_usage(JsonWriter& json, const KeyLastUsage& usage);
// EncryptionAlgorithm (or a member of its type); the default where it is absent.
std::string_view encryption_algorithm(JsonMembers& members, std::string_view name);
bool dry_run(JsonMembers& members);
// DryRunModifiers: whether IGNORE_CIPHERTEXT is asked for.
bool ignore_ciphertext(JsonMembers& members);

extern const std::array<std::string_view, 20> kKeySpecs;
extern const std::array<std::string_view, 13> kCustomerMasterKeySpecs;
extern const std::array<std::string_view, 5> kKeyUsages;
extern const std::array<std::string_view, 4> kOrigins;
extern const std::array<std::string_view, 2> kDataKeySpecs;
extern const std::array<std::string_view, 2> kIncludeKeyMaterial;

}  // namespace kagimori::aws
