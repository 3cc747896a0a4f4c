#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/encoding.h"
#include "base/lifecycle_clock.h"
#include "crypto/random.h"
#include "dialects/aws/kms_operations.h"
#include "engine/engine.h"
#include "policy/policy.h"
#include "seal/root.h"
#include "store/temporary_store.h"

// The body of a KMS request to the typed request: the first byte chooses the operation, the rest is its JSON. Each
// operation's decoder runs against an engine whose worker has nothing cached: what passes every check ends as a cache
// miss, as work for the pool (which is not run), or as an answer that is JSON again.

using namespace kagimori;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename T>
T must(Result<T> result) {
  require(result.has_value());
  return *std::move(result);
}

constexpr std::string_view kMayDoAll =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

Caller administrator() {
  auto identity = std::make_shared<IdentitySnapshot>();
  identity->access_key.account = "100000000001";
  identity->access_key.user_id = "AIDAAAAAAAAAAAAAAAAAA";
  identity->user_name = "admin";
  identity->arn = "arn:aws:iam::100000000001:user/admin";
  identity->policies = {must(CompiledPolicy::compile(kMayDoAll, PolicyKind::kIdentity, {}))};
  Caller caller;
  caller.identity = std::move(identity);
  caller.region = "us-east-1";
  caller.time = Timestamp::from_seconds(1'800'000'000);
  return caller;
}

// A store with its root and an engine on it, without keys, accounts or other threads' work.
struct House {
  House() {
    const std::string store_id = make_uuid(random);
    const auto envelope = must(KeyFileEnvelope::create(*crypto, random, store.folder() / "key", store_id));
    keyrings = must(create_root(*crypto, {*store, clock, random, {}}, store_id, false, *envelope));
    log = must(audit::Log::open({.folder = store.folder() / "audit"}));
    engine = must(Engine::start({*store, *keyrings, *log, clock, lifecycle, {}}));
    worker = must(engine->make_worker(0));
  }

  std::unique_ptr<CryptoContext> crypto = must(CryptoContext::create());
  OpensslRandom random{*crypto};
  SystemClock clock;
  BootClock boot;
  LifecycleClock lifecycle{clock, boot};
  TemporaryStore store;
  std::unique_ptr<Keyrings> keyrings;
  std::unique_ptr<audit::Log> log;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<EngineWorker> worker;
  const Caller caller = administrator();
  JsonDocument request, answer;
};

// In a block of exactly the size that the contract asks for.
struct Padded {
  explicit Padded(ByteView text) : bytes(new std::uint8_t[text.size() + JsonDocument::kPadding]()), size(text.size()) {
    if (!text.empty()) std::memcpy(bytes.get(), text.data(), text.size());
  }
  ByteView view() const { return {bytes.get(), size}; }
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t size;
};

void check(House& house, const aws::JsonAnswer& answer) {
  const int ways = (answer.body ? 1 : 0) + (answer.work ? 1 : 0) + (answer.start ? 1 : 0);
  require(ways == 1);
  if (!answer.body) return;
  if (*answer.body) {
    const std::string& text = **answer.body;
    require(text.empty() || house.answer.parse(Padded(as_bytes(text)).view()).has_value());
    return;
  }
  const Error& error = answer.body->error();
  require(is_valid_utf8(error.message));
  require(error.code != ErrorCode::kInternal && error.code != ErrorCode::kCorrupt && error.code != ErrorCode::kCrypto);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House& house = *new House;
  if (size == 0) return 0;
  const auto operation = static_cast<KmsOperation>(data[0] % kKmsOperationCount);
  const auto handle = aws::kms_handler(operation);
  if (handle == nullptr) return 0;
  const Result<const JsonValue*> body = house.request.parse(Padded({data + 1, size - 1}).view());
  if (body && (*body)->is_object()) {
    Trail trail(OperationInfo{kms_operation_name(operation)});
    aws::JsonCall call{*house.engine, *house.worker, house.caller, trail, **body};
    check(house, handle(call));
  }
  house.request.wipe();
  house.answer.wipe();
  return 0;
}
