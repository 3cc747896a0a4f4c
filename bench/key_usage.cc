// What it costs to count the uses of keys: on the answering thread, and in the background. Usage:
// kagimori_key_usage CONFIG KEYS, on the store of a stopped server.

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/stored_uses.h"
#include "server/opened_store.h"

namespace kagimori {
namespace {

constexpr std::size_t kUses = 100'000;
constexpr std::size_t kUsesInABatch = 500;
constexpr std::string_view kPrincipal = "AIDAQQQQWWWWEEEERRRR2";
constexpr std::string_view kArn = "arn:aws:iam::111122223333:user/ann";

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::vector<RowId> make_rows(OpenedStore& opened, std::size_t count) {
  std::vector<RowId> rows(count);
  for (RowId& row : rows) row = RowId::make(*opened.random);
  return rows;
}

// As the engine does it: a worker hands over what it noted when that is much.
void note(const std::vector<RowId>& rows, GatheredUsages& gathered) {
  constexpr std::size_t kMaxNoted = 1'024;
  WorkerUsages worker;
  const double began = cpu_seconds();
  for (std::size_t i = 0; i < kUses; ++i) {
    const UsedKey key{"100000000001", rows[i * 7919 % rows.size()], "Encrypt", 1, 32};
    worker.note(key, {"Encrypt", kPrincipal, kArn, Timestamp{static_cast<std::int64_t>(i)},
                      "0b5c7bbc-3d43-4fd4-8a5a-4ac0e4cbf5b0", "6f4a8c1e-52c1-4f57-9d37-0f8f6f1f2a55"});
    if (worker.size() >= kMaxNoted) gathered.add(worker.take());
  }
  gathered.add(worker.take());
  const double spent = cpu_seconds() - began;
  std::printf("%zu keys: %.0f ns of CPU a use on the answering thread\n", rows.size(),
              spent * 1e9 / static_cast<double>(kUses));
}

Status store(OpenedStore& opened, const EngineSettings& settings, const char* what, std::size_t rows,
             GatheredUsages& gathered) {
  KeyCounter counter;
  const std::size_t keys = rows;
  const double began = cpu_seconds();
  for (bool more = true; more;) {
    TRY_ASSIGN(more, gathered.save_some(kUsesInABatch, [&](const KeyUses& uses) -> Result<std::uint64_t> {
      const Caller clock;
      Trail trail;
      const Timestamp now = opened.clock->now();
      TRY_ASSIGN(auto read, opened.store->read());
      Transaction transaction({*opened.crypto, *opened.random, *opened.keyrings, settings, counter, now, now},
                              std::move(read), clock, trail);
      TRY(put_uses(transaction, uses));
      return opened.store->commit_and_wait(transaction.take_batch());
    }));
  }
  std::printf("%s: %.1f us of CPU a key\n", what, (cpu_seconds() - began) * 1e6 / static_cast<double>(keys));
  return {};
}

Status measure(const char* config_file, std::size_t keys) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  init_secret_memory(config.memory.secret_bytes);
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  {
    GatheredUsages gathered;
    note(make_rows(opened, 1), gathered);
  }
  const std::vector<RowId> rows = make_rows(opened, keys);
  for (const char* what : {"stored for the first time", "stored again"}) {
    GatheredUsages gathered;
    note(rows, gathered);
    TRY(store(opened, config.engine, what, rows.size(), gathered));
  }
  return {};
}

}  // namespace
}  // namespace kagimori

int main(int argc, char** argv) {
  std::size_t keys = 0;
  const std::string_view text = argc == 3 ? argv[2] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), keys).ec != std::errc() || keys == 0) {
    std::fprintf(stderr, "usage: kagimori_key_usage CONFIG KEYS\n");
    return 2;
  }
  const kagimori::Status done = kagimori::measure(argv[1], keys);
  if (done) return 0;
  std::fprintf(stderr, "kagimori_key_usage: %s\n", done.error().message.c_str());
  return 1;
}
