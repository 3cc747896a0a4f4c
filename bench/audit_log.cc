// What the audit log costs: CPU of the thread that answers, for turns of several sizes; then two threads that append as
// fast as they can (or at a rate), while the sequencer signs and closed segments get their indexes. Leaves the folder,
// for bench/audit_log.py to verify and to search.
//
//   kagimori_audit_log FOLDER EVENTS [EVENTS_A_SECOND]
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "audit/event.h"
#include "audit/segment_keeper.h"
#include "audit/sequencer.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "model/ids.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/root.h"
#include "seal/sealed_batch.h"
#include "store/store_file.h"
#include "store/temporary_store.h"

namespace {

using namespace kagimori;
using Seconds = std::chrono::duration<double>;

template <typename T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}
void must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

// What events differ in: 50 users, 1,000 keys, the first of each the busiest; one in 128 is denied.
struct Variety {
  std::vector<std::string> users, user_arns, keys, key_arns, quoted_keys;
  Variety() {
    for (int i = 0; i < 50; ++i) {
      users.push_back(fmt::format("user{}", i));
      user_arns.push_back("arn:aws:iam::111122223333:user/" + users.back());
    }
    for (int i = 0; i < 1000; ++i) {
      keys.push_back(fmt::format("0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e{:04}", i));
      key_arns.push_back("arn:aws:kms:eu-central-1:111122223333:key/" + keys.back());
      quoted_keys.push_back(fmt::format("\"{}\"", keys.back()));
    }
  }
};

// An Encrypt with a context of one pair, by a user over TLS.
void append_event(std::string& out, RandomSource& random, Timestamp now) {
  static const Variety variety;
  const std::string id = make_uuid(random), request_id = make_uuid(random);
  // Half of the events are of the first user and of the first key.
  const auto chance = static_cast<unsigned>(now.micros);
  const std::size_t user = chance % 2 == 0 ? 0 : chance / 2 % 50;
  const std::size_t key = chance / 128 % 2 == 0 ? 0 : chance / 256 % 1000;
  audit::Event event;
  event.time = now;
  event.event_id = id;
  event.request_id = request_id;
  event.source = "kms.amazonaws.com";
  event.name = "Encrypt";
  event.region = "eu-central-1";
  event.account = "111122223333";
  event.user = {"IAMUser",      "AIDAQQQQWWWWEEEERRRR2", variety.user_arns[user],
                "111122223333", "AKIAQQQQWWWWEEEERRRR",  variety.users[user]};
  event.source_address = "127.0.0.1";
  event.user_agent = "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.2";
  event.request_parameters = {{"keyId", variety.quoted_keys[key]},
                              {"encryptionContext", R"({"tenant":"4711"})"},
                              {"encryptionAlgorithm", "\"SYMMETRIC_DEFAULT\""}};
  event.resources = {variety.key_arns[key]};
  if (chance % 128 == 77) event.error_code = "AccessDeniedException";
  event.read_only = true;
  event.tls_version = "TLSv1.3";
  event.tls_cipher = "TLS_AES_256_GCM_SHA384";
  audit::append_json_line(out, event);
}

double thread_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void measure_turns(audit::Log& log, RandomSource& random) {
  constexpr int kEvents = 65'536;
  const Timestamp now = SystemClock().now();
  for (const int turn : {1, 8, 32, 64}) {
    std::string lines;
    const double before = thread_cpu();
    double writing = 0;
    for (int written = 0; written < kEvents; written += turn) {
      lines.clear();
      for (int i = 0; i < turn; ++i) append_event(lines, random, now);
      const double formed = thread_cpu();
      must(log.append(lines));
      writing += thread_cpu() - formed;
    }
    const double all = thread_cpu() - before;
    std::printf("turns of %2d events: %.2f us of CPU per event, of which the write %.2f\n", turn, all / kEvents * 1e6,
                writing / kEvents * 1e6);
  }
}

// How far the signed events are behind those that were appended.
struct Lag {
  std::uint64_t events = 0;
  double seconds = 0;
};

void append_at_rate(audit::Log& log, std::uint64_t events, double rate) {
  const auto crypto = must(CryptoContext::create());
  OpensslRandom random(*crypto);
  constexpr std::uint64_t kTurn = 32;
  const auto start = std::chrono::steady_clock::now();
  std::string lines;
  for (std::uint64_t done = 0; done < events; done += kTurn) {
    if (rate > 0) std::this_thread::sleep_until(start + Seconds(static_cast<double>(done) / rate));
    lines.clear();
    for (std::uint64_t i = 0; i < kTurn; ++i) append_event(lines, random, SystemClock().now());
    must(log.append(lines));
  }
}

Lag watch(const audit::Log& log, const audit::Sequencer& sequencer, const std::atomic<bool>& ended) {
  Lag worst;
  std::vector<std::pair<double, std::uint64_t>> appended;  // when, and how many there were
  std::size_t covered = 0;
  const auto start = std::chrono::steady_clock::now();
  while (!ended) {
    const double now = Seconds(std::chrono::steady_clock::now() - start).count();
    appended.emplace_back(now, log.lines());
    const std::uint64_t size = sequencer.latest().checkpoint.size;
    while (covered < appended.size() && appended[covered].second <= size) ++covered;
    if (covered < appended.size()) worst.seconds = std::max(worst.seconds, now - appended[covered].first);
    worst.events = std::max(worst.events, log.lines() - std::min(log.lines(), size));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: kagimori_audit_log FOLDER EVENTS [EVENTS_A_SECOND]\n");
    return 2;
  }
  const std::uint64_t events = std::strtoull(argv[2], nullptr, 10);
  const double rate = argc > 3 ? std::strtod(argv[3], nullptr) : 0;
  init_secret_memory(std::size_t{1} << 20);
  const auto crypto = must(CryptoContext::create());
  OpensslRandom random(*crypto);
  const SystemClock clock;
  TemporaryStore store;
  const std::string store_id = make_uuid(random);
  const auto envelope = must(KeyFileEnvelope::create(*crypto, random, store.folder() / "key", store_id));
  const auto keyrings = must(create_root(*crypto, {*store, clock, random, {}}, store_id, false, *envelope));
  {
    auto view = must(store->read());
    const auto change = must(audit::begin_log(*crypto, random, *keyrings, *view, clock.now()));
    SealedBatch batch(*keyrings, *crypto, view->store_revision());
    must(batch.put(kSystemAccount, Table::kAuditKeys, record_key::audit_key(change.fresh.number), 0,
                   encode(change.fresh)));
    view.reset();
    must(store->commit_and_wait(std::move(batch).take()));
  }
  const auto log = must(audit::Log::open({argv[1]}));
  const auto sequencer = must(audit::Sequencer::open({*log, *store, *keyrings}));
  measure_turns(*log, random);
  must(sequencer->start());
  const BootClock since_boot;
  const LifecycleClock lifecycle(clock, since_boot);
  const auto keeper = must(audit::SegmentKeeper::start({*log, *sequencer, lifecycle, 0, {}}));

  std::atomic<bool> ended = false;
  Lag lag;
  const auto start = std::chrono::steady_clock::now();
  std::thread watcher([&] { lag = watch(*log, *sequencer, ended); });
  std::thread other([&] { append_at_rate(*log, events / 2, rate / 2); });
  append_at_rate(*log, events / 2, rate / 2);
  other.join();
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  ended = true;
  watcher.join();
  const auto signed_all = std::chrono::steady_clock::now();
  must(sequencer->sign_now());
  std::printf(
      "%llu events in %.1f s: %.0f a second; signed %.2f s (%llu events) later at the worst, the rest in %.2f s\n",
      static_cast<unsigned long long>(events), seconds, static_cast<double>(events) / seconds, lag.seconds,
      static_cast<unsigned long long>(lag.events), Seconds(std::chrono::steady_clock::now() - signed_all).count());
  const auto all_signed = std::chrono::steady_clock::now();
  const auto firsts = must(audit::list_segments(log->folder()));
  while (firsts.size() > 1 && !is_there(log->folder().index(firsts[firsts.size() - 2]))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::printf("the last of %zu indexes was there %.2f s later\n", firsts.size() - 1,
              Seconds(std::chrono::steady_clock::now() - all_signed).count());
  return 0;
}
