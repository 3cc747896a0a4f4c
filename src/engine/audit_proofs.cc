#include "engine/audit_proofs.h"

#include <fmt/format.h>

#include "audit/find_event.h"
#include "audit/log_key.h"
#include "engine/accounts.h"
#include "model/ids.h"

namespace kagimori {
namespace {

Status put(Transaction& transaction, const AuditKey& key) {
  return transaction.put(kSystemAccount, Table::kAuditKeys, record_key::audit_key(key.number), encode(key));
}

}  // namespace

Result<audit::SignedCheckpoint> get_audit_checkpoint(Transaction& transaction, audit::Sequencer& sequencer) {
  TRY(authorize_operator(transaction.caller(), "kagimori:GetAuditCheckpoint"));
  return sequencer.sign_now();
}

Result<ProvedEvent> get_audit_inclusion_proof(Transaction& transaction, audit::Sequencer& sequencer,
                                              std::uint64_t index) {
  transaction.trail().parameter_json("index", std::to_string(index));
  TRY(authorize_operator(transaction.caller(), "kagimori:GetAuditInclusionProof"));
  Result<audit::InclusionProof> proof = sequencer.prove_inclusion(transaction.crypto(), index);
  if (!proof && proof.error().code == ErrorCode::kValidation) {
    return fail(ErrorCode::kNotFound, fmt::format("The audit log has no event {}.", index));
  }
  if (!proof) return fail(proof.error());
  TRY_ASSIGN(audit::FoundEvent event, audit::event_at(sequencer.folder(), index));
  return ProvedEvent{std::move(event.line), *std::move(proof)};
}

Result<audit::ConsistencyProof> get_audit_consistency_proof(Transaction& transaction, audit::Sequencer& sequencer,
                                                            std::uint64_t old_size) {
  transaction.trail().parameter_json("oldSize", std::to_string(old_size));
  TRY(authorize_operator(transaction.caller(), "kagimori:GetAuditConsistencyProof"));
  Result<audit::ConsistencyProof> proof = sequencer.prove_consistency(transaction.crypto(), old_size);
  if (proof || proof.error().code != ErrorCode::kValidation) return proof;
  return fail(ErrorCode::kValidation, fmt::format("The audit log has not had {} events yet.", old_size));
}

Result<std::string> rotate_audit_key(Transaction& transaction, audit::Sequencer& sequencer) {
  TRY(authorize_operator(transaction.caller(), "kagimori:RotateAuditKey"));
  TRY_ASSIGN(const audit::LogKeyChange change,
             audit::rotate_log_key(transaction.crypto(), transaction.keyrings(), transaction.reader().transaction(),
                                   transaction.now()));
  TRY(put(transaction, change.fresh));
  if (change.retired) TRY(put(transaction, *change.retired));
  transaction.scrub();
  transaction.on_commit([&sequencer] { sequencer.key_has_changed(); });
  transaction.trail().response("origin", change.fresh.origin).response("publicKey", change.fresh.verifier);
  return change.fresh.verifier;
}

}  // namespace kagimori
