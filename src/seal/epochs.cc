#include "seal/epochs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "model/record_keys.h"
#include "seal/account_number.h"
#include "seal/record_error.h"

namespace kagimori {
namespace {

constexpr std::uint64_t kMaxUseBlock = 65'536;
constexpr std::size_t kEpochKeySize = 32;
constexpr std::size_t kPage = 256;
constexpr std::size_t kSupersedeAtOnce = 64;
constexpr int kTries = 8;

tl::unexpected<Error> no_keyring(std::uint64_t account) {
  return fail(ErrorCode::kNotFound, fmt::format("The account {} has no keyring.", account_text(account)));
}

tl::unexpected<Error> no_epoch(const EpochName& name) {
  return fail(ErrorCode::kNotFound, fmt::format("Epoch {} of account {} is not in the store (any more).", name.number,
                                                account_text(name.account)));
}

}  // namespace

std::uint64_t Epochs::use_block() const {
  return std::clamp<std::uint64_t>(options_.epoch_max_uses / 64, 1, kMaxUseBlock);
}

Result<std::shared_ptr<Epoch>> Epochs::load(CryptoContext& crypto, const EpochName& name,
                                            const StoredEpoch& stored) const {
  const EpochRecord& record = stored.record;
  const Result<SecretBytes> key = stored.root->unwrap_epoch(crypto, name.account, name.number, record.wrapped_key);
  if (!key) return fail(in_record(Table::kEpochs, epoch_key(name), key.error()));
  return Epoch::derive(crypto, name, *key, record.reserved_uses);
}

Result<Epochs::Fresh> Epochs::make(CryptoContext& crypto, const EpochName& name) {
  SecretBytes key(kEpochKeySize);
  random_.fill_private(key.expose_mutable());
  Fresh fresh;
  EpochRecord& record = fresh.stored.record;
  fresh.stored.root = &roots_.newest();
  record.created = clock_.now();
  record.reserved_uses = use_block();
  TRY_ASSIGN(record.wrapped_key, fresh.stored.root->wrap_epoch(crypto, random_, name.account, name.number, key));
  TRY_ASSIGN(fresh.epoch, Epoch::derive(crypto, name, key, 0));
  fresh.epoch->grant_uses(0, record.reserved_uses);
  return fresh;
}

Result<std::optional<StoredRecord>> Epochs::newest_record(std::uint64_t account) {
  TRY_ASSIGN(const auto view, store_.read());
  const Bytes prefix = record_key::epochs_of(account_text(account));
  std::optional<StoredRecord> newest;
  for (;;) {
    TRY_ASSIGN(auto page, view->scan(Table::kEpochs, prefix, newest ? ByteView(newest->key) : ByteView(), kPage));
    const bool last = page.size() < kPage;
    if (!page.empty()) newest = std::move(page.back());
    if (last) return newest;
  }
}

Result<std::shared_ptr<Epoch>> Epochs::current(CryptoContext& crypto, std::uint64_t account) {
  if (auto cached = cache_.current(account)) return cached;
  const std::lock_guard lock(change_mutex_);
  if (auto cached = cache_.current(account)) return cached;
  TRY_ASSIGN(const std::optional<StoredRecord> newest, newest_record(account));
  EpochName name{account, 1};
  StoredEpoch stored;
  if (newest) {
    TRY_ASSIGN(name, parse_epoch_key(newest->key));
    TRY_ASSIGN(stored, table_.open(crypto, *newest));
  } else {
    const auto pending = pending_.find(account);
    if (pending == pending_.end()) return no_keyring(account);
    stored = pending->second;
  }
  TRY_ASSIGN(std::shared_ptr<Epoch> epoch, load(crypto, name, stored));
  return cache_.insert_current(std::move(epoch));
}

Result<std::shared_ptr<Epoch>> Epochs::find(CryptoContext& crypto, const EpochName& name) {
  if (auto cached = cache_.find(name)) return cached;
  const std::lock_guard lock(change_mutex_);
  if (auto cached = cache_.find(name)) return cached;
  TRY_ASSIGN(const auto view, store_.read());
  TRY_ASSIGN(const std::optional<StoredEpoch> stored, table_.get(crypto, *view, name));
  if (!stored) return no_epoch(name);
  TRY_ASSIGN(std::shared_ptr<Epoch> epoch, load(crypto, name, *stored));
  return cache_.insert(std::move(epoch));
}

Status Epochs::create_first(CryptoContext& crypto, std::uint64_t account, Batch& batch) {
  const EpochName name{account, 1};
  const std::lock_guard lock(change_mutex_);
  TRY_ASSIGN(const auto view, store_.read());
  TRY_ASSIGN(const auto existing, view->scan(Table::kEpochs, record_key::epochs_of(account_text(account)), {}, 1));
  if (!existing.empty()) {
    pending_.erase(account);
    return fail(ErrorCode::kAlreadyExists, fmt::format("The account {} has a keyring already.", account_text(account)));
  }
  auto pending = pending_.find(account);
  if (pending == pending_.end()) {
    TRY_ASSIGN(Fresh fresh, make(crypto, name));
    cache_.insert_current(fresh.epoch);
    pending = pending_.emplace(account, std::move(fresh.stored)).first;
  }
  table_.put(crypto, batch, name, pending->second, view->store_revision() + 1);
  return {};
}

Status Epochs::count_use(CryptoContext& crypto, Epoch& epoch) {
  if (!epoch.count_use()) {
    const std::lock_guard lock(epoch.reservation_mutex());
    while (!epoch.count_use()) TRY(reserve(crypto, epoch));
  }
  if (epoch.uses() >= options_.epoch_max_uses) used_up_.store(true, std::memory_order_relaxed);
  return {};
}

Status Epochs::reserve(CryptoContext& crypto, Epoch& epoch) {
  Error last{ErrorCode::kStale, {}};
  for (int i = 0; i < kTries && last.code == ErrorCode::kStale; ++i) {
    TRY_ASSIGN(auto view, store_.read());
    TRY_ASSIGN(std::optional<StoredEpoch> stored, table_.get(crypto, *view, epoch.name()));
    if (!stored) return no_epoch(epoch.name());
    const std::uint64_t from = std::max(stored->record.reserved_uses, epoch.uses());
    const std::uint64_t to = from + use_block();
    stored->record.reserved_uses = to;
    Batch batch;
    table_.put(crypto, batch, epoch.name(), *stored, view->store_revision() + 1);
    view.reset();
    const Result<std::uint64_t> committed = store_.commit_and_wait(std::move(batch));
    if (committed) {
      epoch.grant_uses(from, to);
      return {};
    }
    last = committed.error();
  }
  return fail(std::move(last));
}

Status Epochs::start_due(CryptoContext& crypto) {
  const bool used_up = used_up_.exchange(false, std::memory_order_relaxed);
  if (!used_up && clock_.now().micros < next_due_.load(std::memory_order_relaxed)) return {};
  next_due_.store(0, std::memory_order_relaxed);
  TRY_ASSIGN(const std::vector<EpochName> due, find_due(crypto));
  Status first_failure;
  for (std::span<const EpochName> rest(due); !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), kSupersedeAtOnce));
    rest = rest.subspan(some.size());
    Status done = supersede(crypto, some);
    if (!done && first_failure) first_failure = std::move(done);
  }
  return first_failure;
}

// Walks over all epochs in key order: an account's last one is its current one.
Result<std::vector<EpochName>> Epochs::find_due(CryptoContext& crypto) {
  const Timestamp now = clock_.now();
  const std::int64_t max_age = options_.epoch_max_age_seconds;
  std::vector<EpochName> due;
  std::int64_t next_due = now.plus_seconds(max_age).micros;
  const auto consider = [&](const StoredRecord& stored) {
    const Result<EpochName> name = parse_epoch_key(stored.key);
    const Result<StoredEpoch> epoch = table_.open(crypto, stored);
    if (!name || !epoch) {
      LogLine(LogLevel::kError, "an epoch can't be read, so it is not renewed")
          .field("error", epoch ? name.error().message : epoch.error().message);
      return;
    }
    const auto cached = cache_.find(*name);
    const std::uint64_t uses = cached ? cached->uses() : epoch->record.reserved_uses;
    const Timestamp too_old = epoch->record.created.plus_seconds(max_age);
    if (now >= too_old || uses >= options_.epoch_max_uses) {
      due.push_back(*name);
    } else {
      next_due = std::min(next_due, too_old.micros);
    }
  };

  std::optional<StoredRecord> last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto view, store_.read());
    TRY_ASSIGN(auto page, view->scan(Table::kEpochs, {}, last ? ByteView(last->key) : ByteView(), kPage));
    more = page.size() == kPage;
    for (StoredRecord& record : page) {
      const auto same_account = [&] {
        return std::ranges::equal(ByteView(last->key).first(std::min<std::size_t>(last->key.size(), 12)),
                                  ByteView(record.key).first(std::min<std::size_t>(record.key.size(), 12)));
      };
      if (last && !same_account()) consider(*last);
      last = std::move(record);
    }
  }
  if (last) consider(*last);
  if (due.empty()) next_due_.store(next_due, std::memory_order_relaxed);
  return due;
}

// One batch for all of them; when something else touched one of the records meanwhile, one batch for each.
Status Epochs::supersede(CryptoContext& crypto, std::span<const EpochName> due) {
  Status done = supersede_at_once(crypto, due);
  if (done || due.size() == 1) return done;
  Status first_failure;
  for (const EpochName& name : due) {
    done = supersede_at_once(crypto, {&name, 1});
    if (!done && first_failure) first_failure = std::move(done);
  }
  return first_failure;
}

Status Epochs::supersede_at_once(CryptoContext& crypto, std::span<const EpochName> due) {
  const std::lock_guard lock(change_mutex_);
  Error last{ErrorCode::kStale, {}};
  for (int i = 0; i < kTries && last.code == ErrorCode::kStale; ++i) {
    TRY_ASSIGN(auto view, store_.read());
    Batch batch;
    std::vector<std::shared_ptr<Epoch>> successors;
    for (const EpochName& name : due) TRY(add_successor(crypto, *view, name, batch, successors));
    view.reset();
    const Result<std::uint64_t> committed = store_.commit_and_wait(std::move(batch));
    // Also when it failed: nobody knows for sure what a failed disk holds, and the store's word counts.
    for (const EpochName& name : due) cache_.forget_current(name.account);
    if (committed) {
      supersessions_.fetch_add(1, std::memory_order_relaxed);
      for (std::shared_ptr<Epoch>& epoch : successors) {
        pending_.erase(epoch->name().account);
        cache_.insert_current(std::move(epoch));
      }
      return {};
    }
    last = committed.error();
  }
  return fail(std::move(last));
}

// Adds to the batch: the old epoch is superseded, the new one begins. Nothing when it has been superseded already.
Status Epochs::add_successor(CryptoContext& crypto, ReadTransaction& view, const EpochName& old_name, Batch& batch,
                             std::vector<std::shared_ptr<Epoch>>& successors) {
  TRY_ASSIGN(std::optional<StoredEpoch> old, table_.get(crypto, view, old_name));
  if (!old) return no_epoch(old_name);
  if (old->record.superseded) return {};
  if (old_name.number == std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::kInternal, "The account has used up the numbers of its epochs.");
  }
  const std::uint64_t revision = view.store_revision() + 1;
  old->record.superseded = clock_.now();
  table_.put(crypto, batch, old_name, *old, revision);

  const EpochName name{old_name.account, old_name.number + 1};
  TRY_ASSIGN(Fresh fresh, make(crypto, name));
  table_.put(crypto, batch, name, fresh.stored, revision);
  successors.push_back(std::move(fresh.epoch));
  return {};
}

}  // namespace kagimori
