#include "seal/material_binding.h"

namespace kagimori {

MaterialBinding material_binding(const Key& key, const KeyObject& object) {
  return {key.account, key.region, object.object_id, object.version, key.type.algorithm};
}

MaterialBinding material_binding(const AccessKey& key) {
  return {key.account, {}, key.access_key_id, 0, KeyAlgorithm::kHmac};
}

MaterialBinding material_binding(const Session& session) {
  return {session.account, {}, session.access_key_id, 0, KeyAlgorithm::kHmac};
}

MaterialBinding material_binding(const CustomKeyStore& store) {
  return {store.account, store.region, store.id, 0, KeyAlgorithm::kHmac};
}

MaterialBinding material_binding(const AuditKey& key) {
  return {kSystemAccount, {}, key.origin, key.number, KeyAlgorithm::kEdwards};
}

Bytes material_aad(std::string_view store_id, const MaterialBinding& binding, std::uint32_t epoch) {
  return ByteWriter()
      .sized(store_id)
      .sized(binding.account)
      .sized(binding.region)
      .sized(binding.object_id)
      .u32(binding.version)
      .u8(static_cast<std::uint8_t>(binding.algorithm))
      .u32(epoch)
      .bytes();
}

}  // namespace kagimori
