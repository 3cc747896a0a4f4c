#include "engine/key_objects.h"

#include <fmt/format.h>

#include "engine/key_material.h"

namespace kagimori {
namespace {

// What the public half of a pair is for; the rest of the key's usage is the private half's.
constexpr std::uint32_t kPublicUsage = kUsageVerify | kUsageEncrypt;

Status put_new_object(Transaction& transaction, const KeyObject& object) {
  const std::string& account = object.account;
  TRY(transaction.put_new(account, Table::kObjects,
                          record_key::object(account, object.row, object.version, object.index), encode(object)));
  return transaction.put_new(account, Table::kObjectIds, record_key::object_id(account, object.object_id),
                             encode_row(object.row));
}

}  // namespace

std::string acting_principal(const Transaction& transaction) {
  return transaction.caller().identity == nullptr ? "kagimori" : transaction.caller().identity->arn;
}

KeyVersion new_version(const Transaction& transaction, const Key& key, std::uint32_t number) {
  KeyVersion version;
  version.row = key.row;
  version.account = key.account;
  version.number = number;
  version.origin = key.origin;
  version.created = transaction.lifecycle_now();
  return version;
}

KeyObject new_object(Transaction& transaction, const Key& key, std::uint32_t version, std::uint8_t index) {
  KeyObject object;
  object.row = key.row;
  object.account = key.account;
  object.version = version;
  object.index = index;
  object.object_id = make_uuid(transaction.random());
  object.state.state = LifecycleState::kActivated;
  object.activation = transaction.lifecycle_now();
  return object;
}

std::vector<KeyObject> new_material_objects(Transaction& transaction, const Key& key, std::uint32_t version) {
  std::vector<KeyObject> objects;
  objects.push_back(new_object(transaction, key, version, 0));
  objects[0].usage_mask = key.type.usage_mask;
  if (!key_pair_spec(key.type)) return objects;
  objects[0].type = ObjectType::kPrivateKey;
  objects[0].usage_mask &= ~kPublicUsage;
  KeyObject public_half = new_object(transaction, key, version, 1);
  public_half.type = ObjectType::kPublicKey;
  public_half.usage_mask = key.type.usage_mask & kPublicUsage;
  public_half.sensitive = public_half.always_sensitive = false;
  public_half.extractable = true;
  public_half.never_extractable = false;
  objects.push_back(std::move(public_half));
  return objects;
}

Result<KeyObject> get_object(Transaction& transaction, const Key& key, std::uint32_t version, std::uint8_t index) {
  TRY_ASSIGN(auto object, transaction.get<KeyObject>(key.account, Table::kObjects,
                                                     record_key::object(key.account, key.row, version, index)));
  if (!object) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("An object of version {} of key {} is missing from the store.", version, key.key_id));
  }
  return *std::move(object);
}

Status put_object(Transaction& transaction, const KeyObject& object) {
  return transaction.put(object.account, Table::kObjects,
                         record_key::object(object.account, object.row, object.version, object.index), encode(object));
}

Status put_new_version(Transaction& transaction, const NewVersion& made) {
  for (const KeyObject& object : made.objects) TRY(put_new_object(transaction, object));
  const KeyVersion& version = made.version;
  return transaction.put_new(version.account, Table::kVersions,
                             record_key::version(version.account, version.row, version.number), encode(version));
}

}  // namespace kagimori
