#include "server/key_census.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "model/key_due.h"
#include "model/record_codec.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::chrono::seconds kShortestPause{60};
constexpr int kPausePerWork = 20;

void add_due(std::array<std::uint64_t, kDueDays.size()>& counts, std::optional<Timestamp> due, Timestamp now) {
  if (!due) return;
  for (std::size_t i = 0; i < kDueDays.size(); ++i) counts[i] += *due <= now.plus_days(kDueDays[i]) ? 1U : 0U;
}

void add_key(KeyCensusResult& result, const Key& key, Timestamp now) {
  const ObjectState active{LifecycleState::kActivated, {}, false};
  const AwsKeyState state = aws_key_state(key, active, Presence::kPresent, has_expired_material(key, now));
  ++result.keys[{state, aws_key_spec(key.type)}];
  add_due(result.deletions, deletion_due(key), now);
  add_due(result.rotations, rotation_due(key), now);
}

}  // namespace

KeyCensus::KeyCensus(const Parts& parts) : parts_(parts), thread_([this] { loop(); }) {}

KeyCensus::~KeyCensus() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::optional<KeyCensusResult> KeyCensus::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

bool KeyCensus::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void KeyCensus::loop() {
  const auto crypto = CryptoContext::create();
  if (!crypto) {
    LogLine(LogLevel::kError, "keys are not counted for the metrics").field("reason", crypto.error().message);
    return;
  }
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    Result<KeyCensusResult> result = count(**crypto);
    const auto took = std::chrono::steady_clock::now() - begin;
    if (!result) LogLine(LogLevel::kWarning, "the keys could not be counted").field("reason", result.error().message);
    std::unique_lock lock(mutex_);
    if (result && !stopping_) latest_ = *std::move(result);
    const auto pause = std::max<std::chrono::steady_clock::duration>(kShortestPause, took * kPausePerWork);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
    if (stopping_) return;
  }
}

Result<KeyCensusResult> KeyCensus::count(CryptoContext& crypto) {
  KeyCensusResult result;
  Bytes after;
  for (bool more = true; more && !is_stopping();) {
    TRY_ASSIGN(more, count_page(crypto, after, result));
  }
  TRY_ASSIGN(const auto view, parts_.store.read());
  Bytes last;
  for (bool more = true; more && !is_stopping();) {
    TRY_ASSIGN(auto page, view->scan(Table::kEpochs, {}, last, kPage));
    result.epochs += page.size();
    more = page.size() == kPage;
    if (more) last = std::move(page.back().key);
  }
  result.made = parts_.clock.now();
  return result;
}

// Each page is read anew: a long read would keep old pages of the store alive.
Result<bool> KeyCensus::count_page(CryptoContext& crypto, Bytes& after, KeyCensusResult& result) {
  TRY_ASSIGN(const auto view, parts_.store.read());
  TRY_ASSIGN(auto page, view->scan(Table::kKeys, {}, after, kPage));
  const Timestamp now = parts_.lifecycle_clock.now();
  for (const StoredRecord& record : page) {
    const Result<std::string> account = account_of_record(Table::kKeys, record);
    if (!account) continue;  // damaged records are found by who uses them, and by `store check`
    const Result<ByteView> content = parts_.keyrings.open_record(crypto, *account, Table::kKeys, record);
    if (!content) continue;
    if (const Result<Key> key = decode<Key>(*content)) add_key(result, *key, now);
  }
  if (page.size() < kPage) return false;
  after = std::move(page.back().key);
  return true;
}

}  // namespace kagimori
