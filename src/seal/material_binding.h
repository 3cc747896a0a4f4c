#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/audit_key.h"
#include "model/custom_key_store.h"
#include "model/identity.h"
#include "model/key.h"

namespace kagimori {

// What wrapped material is bound to: the AAD of its AES-256-GCM (docs/formats/keyring.md). Unwrapping with any other
// binding fails with kCorrupt. Views: what they name outlives the binding.
struct MaterialBinding {
  std::string_view account;
  std::string_view region;
  std::string_view object_id;  // or the access key id
  std::uint32_t version = 0;
  KeyAlgorithm algorithm = KeyAlgorithm::kAes;
};

// The binding of an object's material and of the secret of an access key, a session or a proxy. Everybody uses these,
// because the job that re-wraps material must arrive at the same binding.
MaterialBinding material_binding(const Key& key, const KeyObject& object);
MaterialBinding material_binding(const AccessKey& key);    // no region, version 0, kHmac: SigV4 keys an HMAC with it
MaterialBinding material_binding(const Session& session);  // as an access key's

MaterialBinding material_binding(const CustomKeyStore& store);  // the store's id, version 0, kHmac: for SigV4, too
MaterialBinding material_binding(const AuditKey& key);          // the origin and the number, kEdwards; of the system

// The AAD itself, every part length-prefixed or of fixed size.
Bytes material_aad(std::string_view store_id, const MaterialBinding& binding, std::uint32_t epoch);

}  // namespace kagimori
