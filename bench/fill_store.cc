// Puts many keys into the store of a stopped server, through the engine's own CreateKey, many to a commit: what would
// take an hour over HTTP takes minutes. Usage: kagimori_fill CONFIG KEYS [IDS], with AWS_ACCESS_KEY_ID of the principal
// in the environment. Prints the ids of IDS keys (1,000), evenly spread.

#include <unistd.h>

#include <algorithm>
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

Status create_some(OpenedStore& opened, const EngineSettings& settings, KeyCounter& counter, const Caller& caller,
                   std::size_t first, std::size_t count, std::size_t print_every) {
  TRY_ASSIGN(auto read, opened.store->read());
  Trail trail(OperationInfo{"CreateKey", false, Plane::kManagement});
  const Timestamp now = opened.clock->now();
  Transaction transaction({*opened.crypto, *opened.random, *opened.keyrings, settings, counter, now, now},
                          std::move(read), caller, trail);
  for (std::size_t i = 0; i < count; ++i) {
    CreateKeyRequest request;
    request.description = "bench";
    TRY_ASSIGN(const KeyDescription made, create_key(transaction, request));
    if ((first + i) % print_every == 0) std::printf("%s\n", made.key.key_id.c_str());
  }
  TRY(opened.store->commit_and_wait(transaction.take_batch()));
  return {};
}

Status fill(const char* config_file, std::size_t keys, std::size_t ids) {
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
    TRY(create_some(opened, settings, counter, caller, done, std::min(kKeysPerCommit, keys - done),
                    std::max<std::size_t>(1, keys / std::max<std::size_t>(1, ids))));
  }
  return {};
}

}  // namespace
}  // namespace kagimori

namespace {

bool read_number(std::string_view text, std::size_t& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t keys = 0;
  std::size_t ids = 1'000;
  if (argc < 3 || argc > 4 || !read_number(argv[2], keys) || (argc == 4 && !read_number(argv[3], ids))) {
    std::fprintf(stderr, "usage: kagimori_fill CONFIG KEYS [IDS]\n");
    return 2;
  }
  const kagimori::Status done = kagimori::fill(argv[1], keys, ids);
  if (done) return 0;
  std::fprintf(stderr, "kagimori_fill: %s\n", done.error().message.c_str());
  return 1;
}
