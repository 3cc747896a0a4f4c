// Kagimori.GetAuditCheckpoint, GetAuditInclusionProof, GetAuditConsistencyProof, RotateAuditKey.

#include "dialects/aws/kagimori_operations.h"
#include "engine/audit_proofs.h"

namespace kagimori::aws {
namespace {

constexpr NumberConstraint kPosition{0, std::int64_t{1} << 53};  // that every JSON reader holds exactly

void write_hashes(JsonWriter& json, const std::vector<audit::Hash>& hashes) {
  json.key("Hashes").begin_array();
  for (const audit::Hash& hash : hashes) json.base64(hash);
  json.end_array();
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

JsonAnswer kagimori_get_audit_checkpoint(JsonCall& call) {
  JsonMembers members(call.body);
  ANSWER_IF_FAILED(members.status());
  return answer_later([&sequencer = *call.engine.sequencer()](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const audit::SignedCheckpoint newest, get_audit_checkpoint(transaction, sequencer));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("Origin", newest.checkpoint.origin).member("Size", number(newest.checkpoint.size));
    json.member("RootHash", ByteView(newest.checkpoint.root)).member("Checkpoint", newest.note);
    json.key("PublicKeys").begin_array();
    for (const std::string& key : sequencer.verifiers()) json.string(key);
    json.end_array().end_object();
    return body;
  });
}

JsonAnswer kagimori_get_audit_inclusion_proof(JsonCall& call) {
  JsonMembers members(call.body);
  members.require("Index");
  const std::int64_t index = members.integer("Index", kPosition).value_or(0);
  ANSWER_IF_FAILED(members.status());
  return answer_later([&sequencer = *call.engine.sequencer(), index](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const ProvedEvent event,
               get_audit_inclusion_proof(transaction, sequencer, static_cast<std::uint64_t>(index)));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("Index", index).member("Event", event.line);
    write_hashes(json, event.proof.hashes);
    json.member("Checkpoint", event.proof.checkpoint.note).end_object();
    return body;
  });
}

JsonAnswer kagimori_get_audit_consistency_proof(JsonCall& call) {
  JsonMembers members(call.body);
  members.require("OldSize");
  const std::int64_t old_size = members.integer("OldSize", kPosition).value_or(0);
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [&sequencer = *call.engine.sequencer(), old_size](Transaction& transaction) -> Result<std::string> {
        TRY_ASSIGN(const audit::ConsistencyProof proof,
                   get_audit_consistency_proof(transaction, sequencer, static_cast<std::uint64_t>(old_size)));
        std::string body;
        JsonWriter json(body);
        json.begin_object().member("OldSize", old_size);
        write_hashes(json, proof.hashes);
        json.member("Checkpoint", proof.checkpoint.note).end_object();
        return body;
      });
}

JsonAnswer kagimori_rotate_audit_key(JsonCall& call) {
  JsonMembers members(call.body);
  ANSWER_IF_FAILED(members.status());
  return answer_later([&sequencer = *call.engine.sequencer()](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string key, rotate_audit_key(transaction, sequencer));
    std::string body;
    JsonWriter(body).begin_object().member("PublicKey", key).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
