#include "server/audit_log.h"

#include <fmt/format.h>

#include "audit/log_key.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "model/ids.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/sealed_batch.h"
#include "server/data_folder.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

struct KnownLog {
  std::vector<AuditKey> keys;
  std::optional<audit::Checkpoint> checkpoint;
};

Result<KnownLog> known_log(OpenedStore& opened) {
  KnownLog known;
  TRY_ASSIGN(const auto view, opened.store->read());
  TRY_ASSIGN(known.keys, audit::read_log_keys(*opened.crypto, *opened.keyrings, *view));
  TRY_ASSIGN(known.checkpoint, audit::read_known_checkpoint(*opened.crypto, *opened.keyrings, *view));
  return known;
}

bool has_segments(const audit::LogFolder& folder) {
  const auto segments = audit::list_segments(folder);
  return segments && !segments->empty();
}

// A folder of an earlier log is evidence: it is kept beside the new one.
Status move_aside(const audit::LogFolder& folder, Timestamp now) {
  if (!is_there(folder.path)) return {};
  std::filesystem::path aside = folder.path;
  aside += fmt::format(".until-{}", to_iso_basic(now));
  std::error_code error;
  std::filesystem::rename(folder.path, aside, error);
  if (error) return fail(file_error("renamed", folder.path, error.value()));
  return sync_folder_of(folder.path);
}

Status put_key(SealedBatch& batch, const AuditKey& key, std::uint64_t read_revision) {
  return batch.put(kSystemAccount, Table::kAuditKeys, record_key::audit_key(key.number), read_revision, encode(key));
}

}  // namespace

audit::LogOptions audit_log_options(const Config& config) {
  return {config.audit.folder,
          config.audit.durability == "fsync" ? audit::Durability::kFsync : audit::Durability::kWrite,
          config.audit.segment_bytes};
}

Result<std::string> begin_audit_log(const Config& config, OpenedStore& opened, std::string_view event,
                                    OfflineEventMembers members) {
  const Timestamp now = opened.clock->now();
  TRY_ASSIGN(const KnownLog known, known_log(opened));
  TRY_ASSIGN(auto view, opened.store->read());
  TRY_ASSIGN(const audit::LogKeyChange change,
             audit::begin_log(*opened.crypto, *opened.random, *opened.keyrings, *view, now));
  const AuditKey& key = change.fresh;
  SealedBatch batch(*opened.keyrings, *opened.crypto, view->store_revision());
  TRY(put_key(batch, key, 0));
  if (change.retired) TRY(put_key(batch, *change.retired, change.retired_revision));
  batch.batch().scrub = change.retired.has_value();
  TRY_ASSIGN(const auto checkpoint, view->get(Table::kJobs, audit::known_checkpoint_key()));
  if (checkpoint) batch.remove(Table::kJobs, checkpoint->key, checkpoint->revision);
  view.reset();  // scrubbing waits for those who still read what is to go
  if (!known.keys.empty()) members.emplace_back("previousOrigin", known.keys.back().origin);
  if (known.checkpoint) {
    members.emplace_back("previousSize", std::to_string(known.checkpoint->size));
    members.emplace_back("previousRootHash", base64_encode(known.checkpoint->root));
  }
  batch.batch().events.push_back(
      offline_event(*opened.random, now, event, "", members, {{"origin", key.origin}, {"publicKey", key.verifier}}));
  if (!known.keys.empty()) TRY(move_aside({config.audit.folder}, now));
  TRY(opened.store->commit_and_wait(std::move(batch).take()));
  return key.verifier;
}

Result<std::string> ensure_audit_log(const Config& config, OpenedStore& opened) {
  TRY_ASSIGN(const KnownLog known, known_log(opened));
  if (!known.keys.empty()) return known.keys.back().verifier;
  return begin_audit_log(config, opened, "BeginAuditLog", {});
}

Result<AuditLog> open_audit_log(const Config& config, OpenedStore& opened) {
  TRY(ensure_audit_log(config, opened));
  AuditLog audit_log;
  TRY_ASSIGN(audit_log.log, audit::Log::open(audit_log_options(config)));
  TRY_ASSIGN(audit_log.sequencer, audit::Sequencer::open({*audit_log.log, *opened.store, *opened.keyrings}));
  return audit_log;
}

Status start_audit_log(const Config& config, const Clock& now, const LifecycleClock& lifecycle, AuditLog& audit_log) {
  TRY(audit_log.sequencer->start());
  TRY_ASSIGN(std::shared_ptr<CryptoContext> crypto, CryptoContext::create());
  const auto removal_event = [crypto, &now, days = config.audit.retention_days](std::uint64_t first_kept,
                                                                                std::string_view until) {
    OpensslRandom random(*crypto);
    return std::string(
        as_text(offline_event(random, now.now(), "PruneAuditLog", "", {{"retentionDays", std::to_string(days)}},
                              {{"firstEventKept", std::to_string(first_kept)}, {"removedUntil", std::string(until)}})));
  };
  TRY_ASSIGN(audit_log.keeper, audit::SegmentKeeper::start({*audit_log.log, *audit_log.sequencer, lifecycle,
                                                            config.audit.retention_days, removal_event}));
  return {};
}

Result<bool> has_its_audit_log(const Config& config, OpenedStore& opened) {
  const audit::LogFolder folder{config.audit.folder};
  TRY_ASSIGN(const KnownLog known, known_log(opened));
  if (known.keys.empty()) return !has_segments(folder);
  if (!is_there(folder.checkpoint()) || !has_segments(folder)) return false;
  TRY_ASSIGN(const auto log, audit::Log::open(audit_log_options(config)));
  const auto sequencer = audit::Sequencer::open({*log, *opened.store, *opened.keyrings});
  if (!sequencer && sequencer.error().code != ErrorCode::kCorrupt) return fail(sequencer.error());
  return sequencer.has_value();
}

}  // namespace kagimori
