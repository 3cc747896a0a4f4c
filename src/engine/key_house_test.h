#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/identity_house_test.h"
#include "engine/key_management.h"

namespace kagimori::engine_test {

// A house with keys: management operations by its administrator, and what the store holds afterwards.
class KeyHouse : public IdentityHouse {
 public:
  // What one operation did; `key` is the id of a key of the operator account.
  Status act(const std::function<Status(Transaction&)>& work) { return do_as(admin, work); }
  template <typename T>
  Result<T> ask(const std::function<Result<T>(Transaction&)>& work) {
    return as<T>(admin, work);
  }
  std::string make_key(CreateKeyRequest request = {});

  // As stored now; nullopt when there is none.
  std::optional<Key> find(const RowId& row);
  Key key(std::string_view key_id);  // fails the test if there is none
  std::vector<KeyObject> objects(const Key& key);
  std::vector<KeyVersion> versions(const Key& key);
  std::vector<Transition> transitions(const Key& key);
  std::vector<DueEntry> due();
  template <typename T>
  std::optional<Loaded<T>> get(Table table, const Bytes& primary) {
    const auto read = *store->read();
    auto found = RecordReader(*crypto, *keyrings, *read).get<T>(kOperator, table, primary);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : std::nullopt;
  }
  // What the sweeper does: everything due by now.
  Status sweep();
};

}  // namespace kagimori::engine_test
