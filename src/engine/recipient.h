#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/context.h"
#include "engine/settings.h"

namespace kagimori {

class Engine;
class Trail;
struct Caller;
struct EngineWorker;

// Who an answer's plaintext is for: what an attestation document that was verified says (AWS KMS developer guide,
// "Cryptographic attestation support"). Immutable and shared.
struct AttestedRecipient {
  std::string module_id;
  Timestamp made;                                             // the document
  Timestamp certificate_ends;                                 // that it was signed with
  std::map<std::uint64_t, std::string> pcrs, nitro_tpm_pcrs;  // lower-case hexadecimal
  Bytes public_key;                                           // RSA, SubjectPublicKeyInfo in DER

  // CiphertextForRecipient.
  Result<Bytes> envelope(CryptoContext& crypto, ByteView plaintext) const;
  // The value of the condition key kms:RecipientAttestation:NAME; empty where there is none. In lower case.
  std::string_view condition_value(std::string_view name) const;
};

// Parses and verifies a document: signatures and certificates take milliseconds, so on the pool. kValidation.
Result<std::shared_ptr<const AttestedRecipient>> verify_attestation(CryptoContext& crypto,
                                                                    const AttestationSettings& settings, Timestamp now,
                                                                    ByteView document);

// The recipient of a document, from the worker's cache, if the document is still fresh; puts it on the trail.
// kUnsupportedOperation where no trust root is configured, kValidation, kCacheMiss.
Result<std::shared_ptr<const AttestedRecipient>> attested_recipient(Engine& engine, EngineWorker& worker,
                                                                    const Caller& caller, Trail& trail,
                                                                    ByteView document);

}  // namespace kagimori
