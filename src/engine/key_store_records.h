#pragma once

#include <string_view>

#include "engine/transaction.h"
#include "engine/xks_proxy.h"

namespace kagimori {

// The records of custom key stores.

// kCustomKeyStoreNotFound.
Result<CustomKeyStore> find_key_store(Transaction& transaction, std::string_view store_id);
// Writes a store that was read, and marks what is cached of it stale.
Status put_key_store(Transaction& transaction, const CustomKeyStore& store);

// All stores of the caller's account in its Region, for a change of which ones there are or of what must be unique
// among them: such changes come one after the other. `change` is what the change does to their number.
Result<std::vector<CustomKeyStore>> change_key_stores(Transaction& transaction, int change);

// The proxy of a store, for one request of this transaction; the error words are the caller's.
XksProxy proxy_of(Transaction& transaction, const CustomKeyStore& store, const SecretBytes& secret);
XksRequestMetadata xks_request_metadata(Transaction& transaction);
// What a fault is called to who manages stores or makes keys.
Error xks_error(ErrorCode code, XksFault fault);

// The store of the origin's kind that a new key is to be in. kCustomKeyStoreNotFound, kCustomKeyStoreInvalidState,
// kUnsupportedOperation for a store of another kind.
Result<CustomKeyStore> find_key_store_for(Transaction& transaction, std::string_view store_id, KeyOrigin origin);
// Makes an external key that of a new KMS key. kXksKeyAlreadyInUse and what the proxy says of the key.
Status claim_xks_key(Transaction& transaction, CustomKeyStore store, const ExternalKey& external, const Key& key);
// Has the HSM make the key of a new KMS key, if an earlier try has not, and counts it.
Result<ExternalKey> claim_hsm_key(Transaction& transaction, CustomKeyStore store, NewHsmKey& made, const Key& key);
// The key is destroyed. What an HSM holds of it is removed by the clock, and counts until then.
Status release_external_key(Transaction& transaction, const ExternalKey& external, const Key& key);

}  // namespace kagimori
