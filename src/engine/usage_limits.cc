#include "engine/usage_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cache_key.h"
#include "engine/lifecycle_changes.h"
#include "model/arn.h"

namespace kagimori {
namespace {

// A share is at most this part of the maximum, so that little is lost where a server is killed.
constexpr std::uint64_t kShareDivisor = 1'000;
// Of what is left for each worker, so that the last uses are not reserved by one while another wants them.
constexpr std::uint64_t kReserveDivisor = 8;

Bytes limit_key(const Key& key) { return record_key::key(key.account, key.row); }

Result<std::optional<UsageLimit>> find_limit(Transaction& transaction, const AccountId& account, const RowId& row) {
  return transaction.get<UsageLimit>(account, Table::kUsageLimits, record_key::key(account, row));
}

Result<UsageReservation> find_reservation(Transaction& transaction, const AllowanceName& name) {
  TRY_ASSIGN(auto stored, transaction.get<UsageReservation>(name.account, Table::kUsageReservations,
                                                            record_key::version(name.account, name.row, name.version)));
  UsageReservation none;
  none.row = name.row;
  none.account = name.account;
  none.version = name.version;
  return stored ? *std::move(stored) : none;
}

Status put_reservation(Transaction& transaction, const UsageReservation& reservation) {
  return transaction.put(reservation.account, Table::kUsageReservations,
                         record_key::version(reservation.account, reservation.row, reservation.version),
                         encode(reservation));
}

AllowanceName primary_of(const Key& key) { return {key.account, key.row, key.primary_version, {}}; }

std::uint64_t left_of(const std::optional<std::uint64_t>& maximum, std::uint64_t reserved) {
  return maximum && *maximum > reserved ? *maximum - reserved : 0;
}

// At least what is wanted, which is there.
std::uint64_t share_of(const std::optional<std::uint64_t>& maximum, std::uint64_t reserved, std::uint64_t wanted,
                       std::size_t workers) {
  if (!maximum || wanted == 0) return 0;
  const std::uint64_t most = std::max(*maximum / kShareDivisor, wanted);
  return std::clamp(left_of(maximum, reserved) / (kReserveDivisor * workers), wanted, most);
}

bool is_near(const std::optional<std::uint64_t>& maximum, std::uint64_t reserved, std::uint16_t percent) {
  constexpr std::uint64_t kWhole = 100;
  // Divided first: a maximum may be as large as numbers are.
  return maximum && reserved >= *maximum / kWhole * percent + *maximum % kWhole * percent / kWhole;
}

bool is_near(const UsageLimit& limit, const UsageReservation& reservation) {
  return is_near(limit.maximum_uses, reservation.uses, limit.warning_percent) ||
         is_near(limit.maximum_bytes, reservation.bytes, limit.warning_percent);
}

bool is_reached(const UsageLimit& limit, const UsageReservation& reservation, const Allowance& wanted) {
  return (limit.maximum_uses && left_of(limit.maximum_uses, reservation.uses) < wanted.uses) ||
         (limit.maximum_bytes && left_of(limit.maximum_bytes, reservation.bytes) < wanted.bytes);
}

// Whether the limit is to be seen to: near, or in the way of a use that would fit a new version.
bool is_due(const UsageLimit& limit, const UsageReservation& reservation, const Allowance& wanted) {
  const bool is_fresh = reservation.uses == 0 && reservation.bytes == 0;
  return !reservation.warned && !is_fresh && (is_near(limit, reservation) || is_reached(limit, reservation, wanted));
}

void add_protected(UsageReservation& total, const KeyUseCount& count) {
  for (const OperationUse& use : count.operations) {
    if (!protects(use.operation)) continue;
    total.uses += use.count;
    total.bytes += use.bytes;
  }
}

// What the primary version protected before anybody limited it.
Result<UsageReservation> protected_so_far(Transaction& transaction, const Key& key) {
  UsageReservation total;
  total.row = key.row;
  total.account = key.account;
  total.version = key.primary_version;
  const Bytes version = record_key::version(key.account, key.row, key.primary_version);
  TRY_ASSIGN(const auto stored, transaction.scan_all<KeyUseCount>(key.account, Table::kKeyUseCounts, version));
  for (const auto& count : stored) add_protected(total, count.record);
  TRY_ASSIGN(const KeyUses recent, transaction.recent_uses(key));
  for (const auto& [name, count] : recent.counts) {
    if (name.version == key.primary_version) add_protected(total, count);
  }
  return total;
}

// Every worker loads the key anew, and reserves anew.
void forget_on_workers(Transaction& transaction, const Key& key) {
  transaction.invalidate(cache_key::key(key.account, key.region, key.key_id));
  transaction.invalidate(cache_key::allowance(key.account, key.row, key.primary_version));
}

Result<TransactionKey> find_limited(Transaction& transaction, std::string_view key_id, std::string_view action) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key(action, found));
  return found;
}

tl::unexpected<Error> no_limit(std::string_view arn) {
  return fail(ErrorCode::kNotFound, fmt::format("{} has no usage limit.", arn));
}

Status erase_reservations(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(const auto reservations, transaction.scan_all<UsageReservation>(key.account, Table::kUsageReservations,
                                                                             record_key::of_key(key.account, key.row)));
  for (const auto& reservation : reservations) TRY(transaction.erase(Table::kUsageReservations, reservation.key));
  return {};
}

void put_on_trail(Trail& trail, const PutUsageLimitRequest& request) {
  if (request.maximum_uses) trail.parameter_json("maximumUses", std::to_string(*request.maximum_uses));
  if (request.maximum_bytes) trail.parameter_json("maximumBytes", std::to_string(*request.maximum_bytes));
  trail.parameter_json("warningPercent", std::to_string(request.warning_percent))
      .parameter_json("rotateWhenNear", request.rotates ? "true" : "false");
}

}  // namespace

Result<KeyUsageLimit> put_usage_limit(Transaction& transaction, const PutUsageLimitRequest& request) {
  put_on_trail(transaction.trail(), request);
  TRY_ASSIGN(const TransactionKey found, find_limited(transaction, request.key_id, "kagimori:PutKeyUsageLimit"));
  const Key& key = found.key;
  if (request.rotates) TRY(check_rotation_support(KmsOperation::kEnableKeyRotation, key, found.arn));
  KeyUsageLimit made{found.arn, key.primary_version, {}, {}};
  made.limit = {key.row,        key.account, request.maximum_uses, request.maximum_bytes, request.warning_percent,
                request.rotates};
  TRY_ASSIGN(const auto before, find_limit(transaction, key.account, key.row));
  if (before) {
    TRY_ASSIGN(made.reservation, find_reservation(transaction, primary_of(key)));
  } else {
    TRY_ASSIGN(made.reservation, protected_so_far(transaction, key));
  }
  made.reservation.warned = false;
  TRY(transaction.put(key.account, Table::kUsageLimits, limit_key(key), encode(made.limit)));
  TRY(put_reservation(transaction, made.reservation));
  forget_on_workers(transaction, key);
  transaction.trail().response("keyId", found.arn);
  return made;
}

Result<KeyUsageLimit> get_usage_limit(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found, find_limited(transaction, key_id, "kagimori:GetKeyUsageLimit"));
  TRY_ASSIGN(auto limit, find_limit(transaction, found.key.account, found.key.row));
  if (!limit) return no_limit(found.arn);
  KeyUsageLimit answer{found.arn, found.key.primary_version, *std::move(limit), {}};
  TRY_ASSIGN(answer.reservation, find_reservation(transaction, primary_of(found.key)));
  return answer;
}

Result<std::string> delete_usage_limit(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found, find_limited(transaction, key_id, "kagimori:DeleteKeyUsageLimit"));
  TRY_ASSIGN(const auto limit, find_limit(transaction, found.key.account, found.key.row));
  if (!limit) return no_limit(found.arn);
  TRY(transaction.erase(Table::kUsageLimits, limit_key(found.key)));
  TRY(erase_reservations(transaction, found.key));
  forget_on_workers(transaction, found.key);
  transaction.trail().response("keyId", found.arn);
  return found.arn;
}

Status remove_usage_limit(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(const auto limit, find_limit(transaction, key.account, key.row));
  if (!limit) return {};
  TRY(transaction.erase(Table::kUsageLimits, limit_key(key)));
  return erase_reservations(transaction, key);
}

Result<ReservedShare> reserve_share(Transaction& transaction, const AllowanceName& name, std::size_t workers) {
  ReservedShare reserved;
  TRY_ASSIGN(const auto limit, find_limit(transaction, name.account, name.row));
  if (!limit) return reserved;
  reserved.limited = true;
  reserved.rotates = limit->rotates;
  TRY_ASSIGN(UsageReservation reservation, find_reservation(transaction, name));
  reserved.limit_reached = is_reached(*limit, reservation, name.wanted);
  reserved.near_limit = is_due(*limit, reservation, name.wanted);
  if (reserved.limit_reached) return reserved;
  reserved.share = {share_of(limit->maximum_uses, reservation.uses, name.wanted.uses, workers),
                    share_of(limit->maximum_bytes, reservation.bytes, name.wanted.bytes, workers)};
  reservation.uses += reserved.share.uses;
  reservation.bytes += reserved.share.bytes;
  // A rotation comes with the next share: this one is to be used with this version, or there would be no end of it
  // where a share is all of the limit.
  if (!limit->rotates) reserved.near_limit = is_due(*limit, reservation, {});
  if (reserved.share.uses > 0 || reserved.share.bytes > 0) TRY(put_reservation(transaction, reservation));
  return reserved;
}

Status return_allowance(Transaction& transaction, const AllowanceName& name, const Allowance& unused) {
  const Bytes key = record_key::version(name.account, name.row, name.version);
  TRY_ASSIGN(auto reservation, transaction.get<UsageReservation>(name.account, Table::kUsageReservations, key));
  if (!reservation) return {};
  reservation->uses -= std::min(reservation->uses, unused.uses);
  reservation->bytes -= std::min(reservation->bytes, unused.bytes);
  return put_reservation(transaction, *reservation);
}

namespace {

// What is near its limit and has not been seen to yet.
struct NearLimit {
  Key key;
  UsageLimit limit;
  UsageReservation reservation;
};
Result<std::optional<NearLimit>> find_near_limit(Transaction& transaction, const AllowanceName& name) {
  std::optional<NearLimit> near;
  TRY_ASSIGN(auto limit, find_limit(transaction, name.account, name.row));
  TRY_ASSIGN(UsageReservation reservation, find_reservation(transaction, name));
  TRY_ASSIGN(auto key, transaction.get<Key>(name.account, Table::kKeys, record_key::key(name.account, name.row)));
  if (!key || !limit || !is_due(*limit, reservation, name.wanted)) return near;
  if (key->primary_version != name.version) return near;
  transaction.trail().region(key->region).resource(key_arn(key->region, key->account, key->key_id));
  near = {*std::move(key), *std::move(limit), std::move(reservation)};
  return near;
}

Status mark_warned(Transaction& transaction, UsageReservation reservation) {
  reservation.warned = true;
  return put_reservation(transaction, reservation);
}

}  // namespace

Status rotate_near_limit(Transaction& transaction, const AllowanceName& name) {
  TRY_ASSIGN(const auto near, find_near_limit(transaction, name));
  if (!near) return {};
  const Key& key = near->key;
  const bool rotates = key.enabled && key.pending_window_days == 0 && !key.deletion_date &&
                       check_rotation_support(KmsOperation::kEnableKeyRotation, key, key.key_id).has_value();
  if (!rotates) return {};
  TRY(rotate_automatically(transaction, key));
  return mark_warned(transaction, near->reservation);
}

Status warn_near_limit(Transaction& transaction, const AllowanceName& name) {
  TRY_ASSIGN(const auto near, find_near_limit(transaction, name));
  if (!near) return {};
  Trail& trail = transaction.trail();
  trail.detail("keyId", near->key.key_id).detail("keyVersion", std::to_string(name.version));
  if (near->limit.maximum_uses) {
    trail.detail("maximumUses", std::to_string(*near->limit.maximum_uses))
        .detail("usesReserved", std::to_string(near->reservation.uses));
  }
  if (near->limit.maximum_bytes) {
    trail.detail("maximumBytes", std::to_string(*near->limit.maximum_bytes))
        .detail("bytesReserved", std::to_string(near->reservation.bytes));
  }
  transaction.count_alarm(Alarm::kUsageLimitNear);
  return mark_warned(transaction, near->reservation);
}

}  // namespace kagimori
