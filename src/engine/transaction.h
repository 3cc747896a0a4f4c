#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/outgoing_http.h"
#include "base/random.h"
#include "engine/access.h"
#include "engine/access_key_uses.h"
#include "engine/alarms.h"
#include "engine/caller.h"
#include "engine/hsm_keys.h"
#include "engine/key_counter.h"
#include "engine/key_snapshot.h"
#include "engine/key_usage.h"
#include "engine/records.h"
#include "engine/settings.h"
#include "engine/trail.h"
#include "model/key_due.h"

namespace kagimori {

// A key as a transaction sees it: without material.
struct TransactionKey {
  Key key;
  std::string arn;
  KeyPolicy policy_record;
  std::shared_ptr<const CompiledPolicy> policy;
  std::vector<std::string> aliases;
  KeyObject primary;                   // the object that protects
  std::string request_alias;           // by which it was named
  bool expired = false;                // imported material, removed yet or not
  bool store_is_disconnected = false;  // of a key in a custom key store

  AwsKeyState state() const {
    return aws_key_state(key, primary.state, store_is_disconnected ? Presence::kAbsent : primary.presence, expired);
  }
  AccessKeyTarget target() const { return {&key, arn, policy.get(), aliases}; }
};

// One try of a management operation: reads of one consistent view, and the writes that follow from them. Every record
// that was read becomes an expectation of the commit, so a decision never rests on what has moved on meanwhile: then
// the operation runs again. Does not see its own writes. One thread of the pool.
class Transaction {
 public:
  struct Environment {
    CryptoContext& crypto;
    RandomSource& random;
    Keyrings& keyrings;
    const EngineSettings& settings;
    KeyCounter& key_counter;
    Timestamp now;  // real time
    Timestamp lifecycle_now;
    OutgoingHttp* outgoing = nullptr;                // null: nothing outside can be reached
    HsmClusters* hsm = nullptr;                      // null: no HSM can be reached
    AbandonedHsmKeys* abandoned_hsm_keys = nullptr;  // where `hsm` is there
    KeyUsageSource* usages = nullptr;                // null where nothing is used: then the store's word is all
    const AccessKeyUses* access_key_uses = nullptr;
    AlarmCounts* alarms = nullptr;  // null: nobody counts them
  };

  Transaction(const Environment& environment, std::unique_ptr<ReadTransaction> read, const Caller& caller,
              Trail& trail);

  CryptoContext& crypto() { return environment_.crypto; }
  RandomSource& random() { return environment_.random; }
  Keyrings& keyrings() { return environment_.keyrings; }
  const EngineSettings& settings() const { return environment_.settings; }
  const AccessKeyUses* access_key_uses() const { return environment_.access_key_uses; }  // null outside of a server
  OutgoingHttp* outgoing() { return environment_.outgoing; }
  HsmClusters* hsm() { return environment_.hsm; }
  AbandonedHsmKeys* abandoned_hsm_keys() { return environment_.abandoned_hsm_keys; }
  KeyCounter& key_counter() { return environment_.key_counter; }
  // What the store does not have yet of the uses of a key.
  Result<KeyUses> recent_uses(const Key& key);
  // The last use of a key, also one of this moment; nullopt for a key that was never used.
  Result<std::optional<KeyLastUsage>> last_usage(const Key& key);
  Timestamp now() const { return environment_.now; }
  Timestamp lifecycle_now() const { return environment_.lifecycle_now; }
  const Caller& caller() const { return *caller_; }
  const std::string& account() const { return caller_->identity->account(); }
  const std::string& region() const { return caller_->region; }  // that the request was made in
  Trail& trail() { return trail_; }
  RecordReader& reader() { return reader_; }

  // Reads a record and takes its revision (or absence) for granted at commit.
  template <typename T>
  Result<std::optional<T>> get(std::string_view account, Table table, const Bytes& key);
  // Lists records; a list is not an expectation (count in a record that is, where it matters).
  template <typename T>
  Result<std::vector<Loaded<T>>> scan(std::string_view account, Table table, const Bytes& prefix, const Bytes& after,
                                      std::size_t limit) {
    return reader_.scan<T>(account, table, prefix, after, limit);
  }
  template <typename T>
  Result<std::vector<Loaded<T>>> scan_all(std::string_view account, Table table, const Bytes& prefix) {
    return reader_.scan_all<T>(account, table, prefix);
  }

  // Writes a record whole; replaces or creates.
  // put_new() is for primary keys that were just drawn at random: the commit checks that they are free.
  Status put_new(std::string_view account, Table table, const Bytes& key, ByteView content);
  Status put(std::string_view account, Table table, const Bytes& key, ByteView content);
  Status erase(Table table, const Bytes& key);
  // Names a cache item that the commit makes stale on every worker.
  void invalidate(std::string item) { stale_items_.push_back(std::move(item)); }
  void scrub() { batch_.scrub = true; }
  // The trail of a further event of this change, beside that of the operation; it is written if the change is.
  Trail& add_event(const OperationInfo& operation) { return events_.emplace_back(operation); }
  // Has the clock look at once for what is due, as soon as the change is durable.
  void request_sweep() { sweep_requested_ = true; }
  // Counts an alarm, if the change is made: the operation's own event tells of it, or that of raise_alarm().
  void count_alarm(Alarm alarm);
  // Its trail, for details.
  Trail& raise_alarm(Alarm alarm, const Key& key);
  // Runs once the commit is durable, on the writer's thread; must not block.
  void on_commit(std::function<void()> action) { on_commit_.push_back(std::move(action)); }
  Batch& batch() { return batch_; }

  // Finds the key that a request names. Aliases only where the operation takes them. Errors as AWS: NotFound,
  // InvalidArn; AccessDenied for an unknown key of another account. Puts the key's ARN on the trail.
  Result<TransactionKey> find_key(std::string_view reference, bool allow_alias);
  // Loads what hangs on a key record that was read already.
  Result<TransactionKey> load_key(Key key);
  // The one gate.
  Status authorize(const AccessRequest& request) { return kagimori::authorize(*caller_, request); }
  // The same question as if it were asked in another Region.
  Status authorize_in(std::string_view region, const AccessRequest& request);
  // For a key-level action with `facts`, in the Region of the key.
  Status authorize_key(std::string_view action, const TransactionKey& key, RequestFacts facts = {},
                       bool cross_account_operation = false);

  // Writes a key record that was read as `before`, moves its rows of kDue (rotation, deletion, replication,
  // expiry) along, and marks every cached truth about it stale.
  Status save_key(const Key& before, const Key& after);
  // The same for a key that is new.
  Status save_new_key(const Key& key);
  // Records a transition of the key and counts it; call before save_key.
  Status add_transition(Key& key, std::string_view from, std::string_view to, std::string_view reason_code,
                        std::string_view object_id = {});

  // Makes sure that the caller is still who it was: the identity's records are expectations of every commit. Reloads
  // the identity if it has moved on; kUnrecognizedClient if its access key is gone or inactive.
  Status check_caller();

  bool has_writes() const { return !batch_.writes.empty(); }
  // The end of the work: closes the view of the store as well, because a commit that scrubs waits for every reader.
  Batch take_batch() {
    read_.reset();
    return std::move(batch_);
  }
  std::vector<std::function<void()>> take_on_commit() { return std::move(on_commit_); }
  std::vector<std::string> take_stale_items() { return std::move(stale_items_); }
  const std::deque<Trail>& events() const { return events_; }
  bool sweep_requested() const { return sweep_requested_; }

 private:
  Status move_due(const Key& key, DueKind kind, std::optional<Timestamp> before, std::optional<Timestamp> after);
  void expect(Table table, const Bytes& key, std::uint64_t revision);
  Result<std::uint64_t> known_revision(Table table, const Bytes& key);

  Environment environment_;
  std::unique_ptr<ReadTransaction> read_;
  RecordReader reader_;
  std::shared_ptr<const Caller> caller_;
  Trail& trail_;
  Batch batch_;
  std::vector<std::string> stale_items_;
  std::vector<std::function<void()>> on_commit_;
  std::deque<Trail> events_;
  bool sweep_requested_ = false;
};

}  // namespace kagimori
