#include "engine/identity_house_test.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/inline_policies.h"
#include "engine/loader.h"
#include "engine/users.h"

namespace kagimori::engine_test {

IdentityHouse::IdentityHouse() {
  const std::string store_id = make_uuid(*random);
  auto envelope = KeyFileEnvelope::create(*crypto, *random, store.folder() / "key", store_id);
  EXPECT_TRUE(envelope) << envelope.error().message;
  auto made = create_root(*crypto, {*store, clock, *random, {}}, store_id, false, **envelope);
  EXPECT_TRUE(made) << made.error().message;
  keyrings = *std::move(made);
  auto credentials = bootstrap_operator_account(*store, *keyrings, *crypto, *random, clock, kOperator, "operator");
  EXPECT_TRUE(credentials) << credentials.error().message;
  first = *std::move(credentials);
  admin = first.access_key_id;
}

std::shared_ptr<const IdentitySnapshot> IdentityHouse::identity(std::string_view access_key_id) {
  const auto read = *store->read();
  RecordReader reader(*crypto, *keyrings, *read);
  auto loaded = load_identity(reader, access_key_id);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return *loaded;
}

Caller IdentityHouse::caller(std::string_view access_key_id) {
  Caller caller;
  caller.identity = identity(access_key_id);
  caller.region = settings.region;
  caller.time = clock.now();
  return caller;
}

std::string IdentityHouse::make_user(std::string_view name, std::string_view policy) {
  const auto made = as<User>(admin, [&](Transaction& t) { return create_user(t, {std::string(name), "/", {}}); });
  EXPECT_TRUE(made) << made.error().message;
  if (!policy.empty()) {
    EXPECT_TRUE(put_policy(name, "test", policy));
  }
  const auto key = as<CreatedAccessKey>(admin, [&](Transaction& t) { return create_access_key(t, name); });
  EXPECT_TRUE(key) << key.error().message;
  return key->key.record.access_key_id;
}

Status IdentityHouse::put_policy(std::string_view user_name, std::string_view policy_name, std::string_view text) {
  return do_as(admin,
               [&](Transaction& t) { return put_inline_policy<User>(t, user_name, policy_name, std::string(text)); });
}

std::string allow(std::string_view action, std::string_view resource) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{}","Resource":"{}"}}]}})",
                     action, resource);
}

}  // namespace kagimori::engine_test
