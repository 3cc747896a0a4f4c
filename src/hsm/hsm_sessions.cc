#include "hsm/hsm_sessions.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "hsm/message.h"
#include "hsm/session_host.h"
#include "hsm/socket_io.h"

namespace kagimori {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};
constexpr int kSlowFactor = 5;  // login and the making of a key, compared with the other operations

tl::unexpected<HsmFault> fault(HsmFault what) { return tl::unexpected<HsmFault>(what); }

bool is_about_login(HsmFault what) {
  return what == HsmFault::kInvalidCredential || what == HsmFault::kUserNotFound || what == HsmFault::kUserLockedOut ||
         what == HsmFault::kUserLoggedIn;
}

// One cluster and its session hosts.
class Cluster {
 public:
  Cluster(HsmClusterOptions options, std::size_t index) : options_(std::move(options)), index_(index) {}

  const HsmClusterOptions& options() const { return options_; }

  HsmResult<SecretBytes> call(int starter, const SecretBytes& password, HsmRequest request) {
    const bool logs_in = request.operation == HsmOperation::kLogIn;
    const bool is_slow = logs_in || request.operation == HsmOperation::kGenerateKey;
    const auto limit = options_.limit * (is_slow ? kSlowFactor : 1);
    const auto deadline = SteadyClock::now() + limit;
    request.limit_ms = static_cast<std::uint32_t>(limit.count());
    const SecretBytes pin = pin_of(password);
    request.password = pin.expose();
    if (logs_in) forget_refusals();
    if (const auto refused = refusal_of(password)) return fault(*refused);
    const SecretBytes message = write_hsm_request(request);
    if (message.empty()) return fault(HsmFault::kRefused);
    // A kept session may have ended since it was last used; a new one shows how things are.
    for (;;) {
      auto session = take(starter, deadline, logs_in);
      if (!session) return fault(session.error());
      const bool was_kept = session->was_kept;
      auto answer = exchange(*std::move(session), message, deadline);
      if (answer && !answer->fault) return std::move(answer->output);
      const HsmFault what = answer ? *answer->fault : answer.error();
      if (what == HsmFault::kUnreachable && was_kept) continue;
      const bool others_work = note(what, password, answer ? answer->module_answer : 0);
      if (what == HsmFault::kUnreachable && others_work && !logs_in) continue;
      return fault(what);
    }
  }

  void end_sessions() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
    ++generation_;
  }

 private:
  struct Session {
    UniqueFd socket;
    bool was_kept = false;
    std::uint64_t generation = 0;
  };

  SecretBytes pin_of(const SecretBytes& password) const {
    if (options_.user.empty()) return password.clone();
    SecretBytes pin(options_.user.size() + 1 + password.size());
    auto out = std::copy(options_.user.begin(), options_.user.end(), pin.expose_mutable().begin());
    *out++ = ':';
    const ByteView secret = password.expose();
    std::copy(secret.begin(), secret.end(), out);
    return pin;
  }

  // A kept session, or a new one; waits for one where all are in use. `at_once`: no pause after a failure is kept.
  HsmResult<Session> take(int starter, SteadyClock::time_point deadline, bool at_once) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto now = SteadyClock::now();
      const bool may_start = in_use_ < options_.sessions && (at_once || now >= not_before_);
      if (!idle_.empty() || may_start) break;
      if (in_use_ == 0) return fault(HsmFault::kUnreachable);
      if (now >= deadline) return fault(HsmFault::kTimedOut);
      changed_.wait_until(lock, not_before_ > now ? std::min(not_before_, deadline) : deadline);
    }
    if (!idle_.empty()) {
      Session session{std::move(idle_.back()), true, generation_};
      idle_.pop_back();
      ++in_use_;
      return session;
    }
    auto socket = order_session(starter, index_);
    if (!socket) {
      LogLine(LogLevel::kError, "an HSM can't be used")
          .field("cluster", options_.id)
          .field("reason", socket.error().message);
      return fault(HsmFault::kUnreachable);
    }
    ++in_use_;
    return Session{*std::move(socket), false, generation_};
  }

  // The session is kept if it can answer again.
  HsmResult<HsmAnswer> exchange(Session session, const SecretBytes& message, SteadyClock::time_point deadline) {
    HsmResult<HsmAnswer> result = fault(HsmFault::kUnreachable);
    SecretBytes reply;
    SocketResult done = send_all(session.socket.get(), message.expose(), deadline);
    if (done == SocketResult::kDone) done = receive_message(session.socket.get(), reply, deadline);
    if (done == SocketResult::kTimedOut) result = fault(HsmFault::kTimedOut);
    if (done == SocketResult::kDone) {
      if (auto answer = parse_hsm_answer(reply.expose())) result = *std::move(answer);
    }
    const bool keep = result && result->fault != HsmFault::kUnreachable;
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      if (keep && session.generation == generation_) idle_.push_back(std::move(session.socket));
      if (keep) pause_ = {};
    }
    changed_.notify_one();
    return result;
  }

  // Whether there are sessions that do work.
  bool note(HsmFault what, const SecretBytes& password, std::uint64_t module_answer) {
    const std::lock_guard lock(mutex_);
    const bool others_work = in_use_ > 0 || !idle_.empty();
    if (what == HsmFault::kUnreachable || what == HsmFault::kTimedOut) {
      pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
      not_before_ = SteadyClock::now() + pause_;
    }
    if (is_about_login(what)) {
      refused_password_ = password.clone();
      refusal_ = what;
    }
    if (what == HsmFault::kInvalidCiphertext || what == HsmFault::kKeyNotFound) return others_work;
    LogLine(LogLevel::kWarning, "an HSM did not do what it was asked to")
        .field("cluster", options_.id)
        .field("returned", static_cast<std::int64_t>(module_answer));
    return others_work;
  }

  void forget_refusals() {
    const std::lock_guard lock(mutex_);
    refusal_.reset();
  }
  std::optional<HsmFault> refusal_of(const SecretBytes& password) {
    const std::lock_guard lock(mutex_);
    if (!refusal_ || !constant_time_equal(refused_password_.expose(), password.expose())) return std::nullopt;
    return refusal_;
  }

  const HsmClusterOptions options_;
  const std::size_t index_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<UniqueFd> idle_;
  std::size_t in_use_ = 0;
  std::uint64_t generation_ = 0;  // sessions of an earlier one are not kept
  SteadyClock::time_point not_before_{};
  std::chrono::milliseconds pause_{};
  SecretBytes refused_password_;
  std::optional<HsmFault> refusal_;
};

class HsmSessions final : public HsmClusters {
 public:
  HsmSessions(std::vector<HsmClusterOptions> clusters, UniqueFd starter) : starter_(std::move(starter)) {
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      clusters_.push_back(std::make_unique<Cluster>(std::move(clusters[i]), i));
    }
  }

  ByteView trust_anchor(std::string_view cluster) const override {
    const Cluster* const found = find(cluster);
    return found == nullptr ? ByteView() : ByteView(found->options().trust_anchor);
  }

  HsmResult<void> log_in(std::string_view cluster, const SecretBytes& password) override {
    return done(call(cluster, password, request_of(HsmOperation::kLogIn)));
  }
  void log_out(std::string_view cluster) override {
    if (Cluster* const found = find(cluster)) found->end_sessions();
  }
  HsmResult<void> generate_key(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                               std::string_view label) override {
    return done(call(cluster, password, request_of(HsmOperation::kGenerateKey, key_id, {}, {}, as_bytes(label))));
  }
  HsmResult<void> destroy_key(std::string_view cluster, const SecretBytes& password, ByteView key_id) override {
    return done(call(cluster, password, request_of(HsmOperation::kDestroyKey, key_id)));
  }
  HsmResult<Bytes> encrypt(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                           ByteView additional_data, ByteView plaintext) override {
    const auto sealed = call(cluster, password, request_of(HsmOperation::kEncrypt, key_id, additional_data, plaintext));
    if (!sealed) return fault(sealed.error());
    return to_bytes(sealed->expose());
  }
  HsmResult<SecretBytes> decrypt(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                                 ByteView additional_data, ByteView sealed) override {
    return call(cluster, password, request_of(HsmOperation::kDecrypt, key_id, additional_data, sealed));
  }
  HsmResult<SecretBytes> random(std::string_view cluster, const SecretBytes& password, std::size_t size) override {
    HsmRequest request = request_of(HsmOperation::kRandom);
    request.random_size = static_cast<std::uint32_t>(size);
    return call(cluster, password, request);
  }

 private:
  static HsmRequest request_of(HsmOperation operation, ByteView key_id = {}, ByteView additional_data = {},
                               ByteView input = {}, ByteView label = {}) {
    HsmRequest request;
    request.operation = operation;
    request.key_id = key_id;
    request.label = label;
    request.additional_data = additional_data;
    request.input = input;
    return request;
  }
  static HsmResult<void> done(const HsmResult<SecretBytes>& answer) {
    if (!answer) return fault(answer.error());
    return {};
  }

  HsmResult<SecretBytes> call(std::string_view cluster, const SecretBytes& password, const HsmRequest& request) {
    Cluster* const found = find(cluster);
    if (found == nullptr) return fault(HsmFault::kUnknownCluster);
    return found->call(starter_.get(), password, request);
  }
  Cluster* find(std::string_view id) const {
    for (const auto& cluster : clusters_) {
      if (cluster->options().id == id) return cluster.get();
    }
    return nullptr;
  }

  std::vector<std::unique_ptr<Cluster>> clusters_;
  const UniqueFd starter_;
};

}  // namespace

Result<std::unique_ptr<HsmClusters>> make_hsm_sessions(std::vector<HsmClusterOptions> clusters) {
  UniqueFd starter;
  if (!clusters.empty()) {
    TRY_ASSIGN(starter, fork_session_starter(clusters));
  }
  return std::make_unique<HsmSessions>(std::move(clusters), std::move(starter));
}

}  // namespace kagimori
