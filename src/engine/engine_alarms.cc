#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <optional>

#include "audit/event.h"
#include "base/log.h"
#include "engine/engine.h"
#include "model/arn.h"

// The alarms that no change of the store is behind, and those of what the clock will do.

namespace kagimori {
namespace {

constexpr std::int64_t kDueSeconds = 600;  // between looks at what falls due
constexpr std::size_t kDuePage = 256;
constexpr std::int64_t kRememberDays = 1;  // after the date that an alarm was about
constexpr unsigned kWhole = 100;

// The alarm ahead of what a row of kDue asks for, and how many days.
std::optional<Alarm> alarm_ahead(DueKind kind) {
  switch (kind) {
    case DueKind::kDelete:
      return Alarm::kKeyDeletionDue;
    case DueKind::kExpireMaterial:
    case DueKind::kExpirePendingMaterial:
      return Alarm::kKeyMaterialExpiryDue;
    case DueKind::kRotate:
      return Alarm::kKeyRotationDue;
    case DueKind::kReplicate:
    case DueKind::kRemoveGrants:
    case DueKind::kSessionExpiry:
      break;
  }
  return std::nullopt;
}

std::int64_t days_ahead(const AlarmSettings& settings, Alarm alarm) {
  if (alarm == Alarm::kKeyDeletionDue) return settings.deletion_days;
  return alarm == Alarm::kKeyRotationDue ? settings.rotation_days : settings.expiry_days;
}

// As the key's own record says.
bool is_still_due(const Key& key, const DueEntry& due) {
  switch (due.kind) {
    case DueKind::kDelete:
      return deletion_due(key) == due.when;
    case DueKind::kRotate:
      return rotation_due(key) == due.when;
    case DueKind::kExpireMaterial:
      return expiry_due(key) == due.when;
    case DueKind::kExpirePendingMaterial:
      return pending_expiry_due(key) == due.when;
    default:
      return false;
  }
}

Bytes alarm_key(const DueEntry& due, Alarm alarm) {
  return record_key::alarm(record_key::due(due.when, due.account, due.row, static_cast<std::uint8_t>(due.kind)),
                           static_cast<std::uint8_t>(alarm));
}

// Percent of the file system that is free for this process; nullopt where that is not known.
std::optional<unsigned> free_percent(const std::filesystem::path& folder) {
  struct statvfs space{};
  if (statvfs(folder.c_str(), &space) != 0 || space.f_blocks == 0) return std::nullopt;
  return static_cast<unsigned>(space.f_bavail * kWhole / space.f_blocks);
}

}  // namespace

// --- Ahead of the clock ---

Status Engine::warn_of_due(const DueEntry& due, Alarm alarm, std::string_view reason) {
  return run_system(alarm_name(alarm), [&](Transaction& transaction) -> Status {
    const Bytes name = alarm_key(due, alarm);
    TRY_ASSIGN(const auto raised, transaction.get<Bytes>(kSystemAccount, Table::kAlarms, name));
    TRY_ASSIGN(const auto key, transaction.get<Key>(due.account, Table::kKeys, record_key::key(due.account, due.row)));
    if (raised || !key || !is_still_due(*key, due)) return {};
    transaction.trail()
        .region(key->region)
        .resource(key_arn(key->region, key->account, key->key_id))
        .detail("keyId", key->key_id)
        .detail("dueTime", to_iso8601(due.when));
    if (!reason.empty()) transaction.trail().detail("reason", reason);
    transaction.count_alarm(alarm);
    return transaction.put(kSystemAccount, Table::kAlarms, name, {});
  });
}

Result<std::vector<Engine::DueAlarm>> Engine::due_alarms(Timestamp now, Bytes& after) {
  const AlarmSettings& settings = parts_.settings.alarms;
  const std::int64_t most = std::max({settings.deletion_days, settings.expiry_days, settings.rotation_days});
  std::vector<DueAlarm> alarms;
  const std::lock_guard lock(system_mutex_);
  TRY_ASSIGN(const auto read, parts_.store.read());
  RecordReader reader(*system_thread_.crypto, parts_.keyrings, *read);
  TRY_ASSIGN(const auto rows, read->scan(Table::kDue, {}, after, kDuePage));
  after.clear();
  for (const StoredRecord& row : rows) {
    const auto due = parse_due_key(row.key);
    if (!due) continue;
    if (due->when > now.plus_days(most)) return alarms;
    const auto alarm = alarm_ahead(due->kind);
    if (!alarm || due->when > now.plus_days(days_ahead(settings, *alarm))) continue;
    const auto raised = reader.get<Bytes>(kSystemAccount, Table::kAlarms, alarm_key(*due, *alarm));
    if (!raised || !*raised) alarms.push_back({*due, *alarm});
  }
  if (rows.size() == kDuePage) after = rows.back().key;
  return alarms;
}

Status Engine::warn_of_due() {
  const Timestamp now = parts_.lifecycle_clock.now();
  {
    const std::lock_guard lock(system_mutex_);
    if (now < due_warned_.plus_seconds(kDueSeconds)) return {};
    due_warned_ = now;
  }
  Bytes after;
  do {
    TRY_ASSIGN(const std::vector<DueAlarm> alarms, due_alarms(now, after));
    for (const auto& [due, alarm] : alarms) {
      if (stopping_) return {};
      if (const Status told = warn_of_due(due, alarm, {}); !told) {
        LogLine(LogLevel::kError, "an alarm was not raised").field("reason", told.error().message);
      }
    }
  } while (!after.empty());
  return forget_old_alarms();
}

// The records of alarms about dates that have passed.
Status Engine::forget_old_alarms() {
  const std::lock_guard lock(system_mutex_);
  const Caller clock;
  Trail trail;
  TRY_ASSIGN(auto read, parts_.store.read());
  TRY_ASSIGN(const auto rows, read->scan(Table::kAlarms, {}, {}, kDuePage));
  Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
  for (const StoredRecord& row : rows) {
    const auto due = parse_due_key(ByteView(row.key).first(row.key.size() - 1));
    if (due && due->when.plus_days(kRememberDays) > parts_.lifecycle_clock.now()) break;
    TRY(transaction.erase(Table::kAlarms, row.key));
  }
  if (!transaction.has_writes()) return {};
  const auto done = parts_.store.commit_and_wait(transaction.take_batch());
  return done ? Status() : Status(fail(done.error()));
}

// --- Of requests ---

void Engine::append_alarm(std::string& lines, RandomSource& random, Alarm alarm, Trail trail) {
  Caller service;
  service.time = parts_.clock.now();
  service.region = parts_.settings.region;
  service.origin.dialect = Dialect::kKagimori;
  const std::string event_id = make_uuid(random);
  audit::append_json_line(lines, trail.by_service().service_event().event(service, nullptr, event_id));
  alarms_.count(alarm);
}

void Engine::note_denied(EngineWorker& worker, const Caller& caller) {
  const std::int64_t most = parts_.settings.alarms.denied_per_minute;
  if (most == 0 || caller.identity == nullptr) return;
  const std::string& principal = caller.identity->principal_arn();
  const Timestamp now = parts_.clock.now();
  const std::uint64_t denied = denied_requests_.note(principal, now);
  if (denied < static_cast<std::uint64_t>(most)) return;
  if (!alarm_gate_.admits(Alarm::kManyDeniedRequests, principal, now)) return;
  Trail trail(alarm_operation(Alarm::kManyDeniedRequests));
  trail.detail("principal", principal)
      .detail("denied", std::to_string(denied))
      .detail("withinSeconds", std::to_string(DeniedRequests::kPeriodSeconds));
  append_alarm(worker.audit_lines, *worker.random, Alarm::kManyDeniedRequests, std::move(trail));
}

void Engine::note_unusable_key(EngineWorker& worker, const Caller& caller, const Trail& trail) {
  const Trail::UnusableKey& key = *trail.unusable_key();
  if (!alarm_gate_.admits(Alarm::kUnusableKeyUsed, key.arn, parts_.clock.now())) return;
  Trail alarm(alarm_operation(Alarm::kUnusableKeyUsed));
  alarm.region(caller.region)
      .resource(key.arn)
      .detail("keyState", key.why)
      .detail("operation", trail.operation())
      .detail("principal", caller.identity->arn);
  append_alarm(worker.audit_lines, *worker.random, Alarm::kUnusableKeyUsed, std::move(alarm));
}

// --- Of the machine ---

void Engine::raise_alarm(Alarm alarm, std::string_view subject, Trail trail) {
  if (!alarm_gate_.admits(alarm, subject, parts_.clock.now())) return;
  std::string lines;
  {
    const std::lock_guard lock(system_mutex_);
    append_alarm(lines, *system_thread_.random, alarm, std::move(trail));
  }
  if (const Status written = parts_.log.append(lines); !written) {
    LogLine(LogLevel::kError, "an alarm is not in the audit log").field("alarm", alarm_name(alarm));
  }
}

// Events wait, and still behind the checkpoint that they waited behind at an earlier look.
void Engine::warn_of_late_checkpoint() {
  const std::int64_t most = parts_.settings.alarms.checkpoint_late_seconds;
  if (parts_.sequencer == nullptr || most == 0) return;
  const std::uint64_t lines = parts_.log.lines();
  const audit::SignedCheckpoint signed_last = parts_.sequencer->latest();
  const std::uint64_t size = signed_last.checkpoint.size;
  const auto now = std::chrono::steady_clock::now();
  if (lines <= size || !waiting_ || waiting_->size != size) {
    waiting_ = lines > size ? std::optional(Waiting{size, now}) : std::nullopt;
    return;
  }
  if (now < waiting_->since + std::chrono::seconds(most)) return;
  Trail trail(alarm_operation(Alarm::kCheckpointLate));
  trail.detail("signedTime", to_iso8601(signed_last.signed_at)).detail("unsignedEvents", std::to_string(lines - size));
  raise_alarm(Alarm::kCheckpointLate, {}, std::move(trail));
}

void Engine::warn_of_machine() {
  const AlarmSettings& settings = parts_.settings.alarms;
  warn_of_late_checkpoint();
  for (const std::filesystem::path& folder : settings.folders) {
    const auto free = free_percent(folder);
    if (!free || *free >= static_cast<unsigned>(settings.disk_free_percent)) continue;
    Trail trail(alarm_operation(Alarm::kDiskLow));
    trail.detail("folder", folder.string()).detail("freePercent", std::to_string(*free));
    raise_alarm(Alarm::kDiskLow, folder.string(), std::move(trail));
  }
}

}  // namespace kagimori
