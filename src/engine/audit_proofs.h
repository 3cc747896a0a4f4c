#pragma once

#include <cstdint>

#include "audit/sequencer.h"
#include "engine/transaction.h"

namespace kagimori {

// What the audit log proves, for the operators of the server: its events are those of all accounts. kAccessDenied for
// everybody else.

Result<audit::SignedCheckpoint> get_audit_checkpoint(Transaction& transaction, audit::Sequencer& sequencer);
struct ProvedEvent {
  std::string line;  // the leaf: JSON without a line feed
  audit::InclusionProof proof;
};
// kNotFound when there is no such event, or no more.
Result<ProvedEvent> get_audit_inclusion_proof(Transaction& transaction, audit::Sequencer& sequencer,
                                              std::uint64_t index);
Result<audit::ConsistencyProof> get_audit_consistency_proof(Transaction& transaction, audit::Sequencer& sequencer,
                                                            std::uint64_t old_size);
// A new key that signs the checkpoints from here on, introduced by the old one, whose secret is destroyed. The public
// half of the new one.
Result<std::string> rotate_audit_key(Transaction& transaction, audit::Sequencer& sequencer);

}  // namespace kagimori
