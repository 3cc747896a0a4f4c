// Puts many keys into the store of a stopped server, through the engine's own CreateKey, many to a commit: what would
// take an hour over HTTP takes minutes. Usage: kagimori_fill CONFIG KEYS, with AWS_ACCESS_KEY_ID of the principal in
// the environment. Prints the id of each 1,000th key.

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/key_management.h"
#include "engine/loader.h"
#include "server/opened_store.h"

namespace kagimori {
namespace {

constexpr std::size_t kKeysPerCommit = 200;
constexpr std::size_t kPrintEvery = 1'000;

Status create_some(OpenedStore& opened, const EngineSettings& settings, KeyCounter& counter, const Caller& caller,
                   std::size_t first, std::size_t count) {
  TRY_ASSIGN(auto read, opened.store->read());
  Trail trail(OperationInfo{"CreateKey", false, Plane::kManagement});
  const Timestamp now = opened.clock->now();
  Transaction transaction({*opened.crypto, *opened.random, *opened.keyrings, settings, counter, now, now},
                          std::move(read), caller, trail);
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const KeyDescription made, create_key(transaction, {std::nullopt, "bench", {}, false}));
    if ((first + i) % kPrintEvery == 0) std::printf("%s\n", made.key.key_id.c_str());
  }
  TRY(opened.store->commit_and_wait(transaction.take_batch()));
  return {};
}

Status fill(const char* config_file, std::size_t keys) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  init_secret_memory(config.memory.secret_bytes);
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  const char* const access_key_id = std::getenv("AWS_ACCESS_KEY_ID");
  Caller caller;
  {
    TRY_ASSIGN(const auto read, opened.store->read());
    RecordReader reader(*opened.crypto, *opened.keyrings, *read);
    TRY_ASSIGN(caller.identity, load_identity(reader, access_key_id == nullptr ? "" : access_key_id));
  }
  if (caller.identity == nullptr) return fail(ErrorCode::kBadConfiguration, "Set AWS_ACCESS_KEY_ID: source DIR/env.");
  EngineSettings settings = config.engine;
  settings.quotas.keys_per_account = SIZE_MAX;
  KeyCounter counter;
  for (std::size_t done = 0; done < keys; done += kKeysPerCommit) {
    TRY(create_some(opened, settings, counter, caller, done, std::min(kKeysPerCommit, keys - done)));
  }
  return {};
}

}  // namespace
}  // namespace kagimori

int main(int argc, char** argv) {
  std::size_t keys = 0;
  if (argc != 3 || std::from_chars(argv[2], argv[2] + std::string_view(argv[2]).size(), keys).ec != std::errc()) {
    std::fprintf(stderr, "usage: kagimori_fill CONFIG KEYS\n");
    return 2;
  }
  const kagimori::Status done = kagimori::fill(argv[1], keys);
  if (done) return 0;
  std::fprintf(stderr, "kagimori_fill: %s\n", done.error().message.c_str());
  return 1;
}
