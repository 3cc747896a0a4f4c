#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/random.h"
#include "engine/access_keys.h"
#include "engine/bootstrap.h"
#include "engine/transaction.h"
#include "seal/root.h"
#include "store/temporary_store.h"

namespace kagimori::engine_test {

inline constexpr std::string_view kOperator = "100000000001";

// A store with its operator account, and callers whose transactions are committed as Engine does, without its threads.
class IdentityHouse {
 public:
  IdentityHouse();

  // Who holds an access key now; null when nobody does.
  std::shared_ptr<const IdentitySnapshot> identity(std::string_view access_key_id);
  Caller caller(std::string_view access_key_id);

  // Runs `work` as the holder of the access key and commits what it wrote. What went stale is in `stale`.
  template <typename T>
  Result<T> as(std::string_view access_key_id, const std::function<Result<T>(Transaction&)>& work) {
    Trail trail;
    Transaction transaction(environment(), *store->read(), caller(access_key_id), trail);
    TRY(transaction.check_caller());
    Result<T> result = work(transaction);
    if (!result) return result;
    stale = transaction.take_stale_items();
    if (transaction.has_writes()) TRY(store->commit_and_wait(transaction.take_batch()));
    return result;
  }
  Status do_as(std::string_view access_key_id, const std::function<Status(Transaction&)>& work) {
    return as<void>(access_key_id, work);
  }

  // By the administrator: a user with an access key, and what it may do ("" for nothing). Returns the access key's id.
  std::string make_user(std::string_view name, std::string_view policy = "");
  Status put_policy(std::string_view user_name, std::string_view policy_name, std::string_view text);
  Transaction::Environment environment() {
    return {*crypto, *random, *keyrings, settings, key_counter, clock.now(), clock.now()};
  }

  std::unique_ptr<CryptoContext> crypto = *CryptoContext::create();
  std::unique_ptr<OpensslRandom> random = std::make_unique<OpensslRandom>(*crypto);
  ManualClock clock{Timestamp::from_seconds(1'800'000'000)};
  TemporaryStore store;
  std::unique_ptr<Keyrings> keyrings;
  EngineSettings settings;
  KeyCounter key_counter;
  BootstrapCredentials first;
  std::string admin;  // the administrator's access key id
  std::vector<std::string> stale;
};

// The error's code; nothing on success.
template <typename T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

// {"Version":...,"Statement":[{"Effect":"Allow","Action":<action>,"Resource":<resource>}]}
std::string allow(std::string_view action, std::string_view resource = "*");

}  // namespace kagimori::engine_test
