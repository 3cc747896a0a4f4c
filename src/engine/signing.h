#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/signature.h"
#include "engine/engine.h"

namespace kagimori {

// Sign, Verify and GetPublicKey (AWS KMS API reference). sign() and verify() run on a worker's thread and do everything
// but the mathematics, which the answer's compute() does: there, or on the pool when `on_pool` says so.

struct SignRequest {
  std::string_view key_id;
  Bytes message;
  std::string_view algorithm;     // AWS's SigningAlgorithmSpec
  std::string_view message_type;  // RAW, DIGEST or EXTERNAL_MU
  bool dry_run = false;
};
struct Signing {
  std::shared_ptr<const KeySnapshot> key;
  bool on_pool = false;
  std::shared_ptr<const PrivateKey> with;
  SignatureScheme scheme = SignatureScheme::kPssSha256;
  MessageForm form = MessageForm::kRaw;
  Bytes message;

  Result<Bytes> compute(CryptoContext& crypto) const;  // the signature
};
Result<Signing> sign(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail, SignRequest& request);

struct VerifyRequest {
  SignRequest signing;
  Bytes signature;
};
struct Verifying {
  std::shared_ptr<const KeySnapshot> key;
  bool on_pool = false;
  std::shared_ptr<const PublicKey> with;
  SignatureScheme scheme = SignatureScheme::kPssSha256;
  MessageForm form = MessageForm::kRaw;
  Bytes message;
  Bytes signature;
  bool dry_run = false;

  Status compute(CryptoContext& crypto) const;  // kKMSInvalidSignature (no message), or success
};
Result<Verifying> verify(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                         VerifyRequest& request);

// The snapshot of an asymmetric key whose public half the caller may see.
Result<std::shared_ptr<const KeySnapshot>> get_public_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                          Trail& trail, std::string_view key_id);

}  // namespace kagimori
