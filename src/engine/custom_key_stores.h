#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hsm_key_stores.h"
#include "engine/transaction.h"

namespace kagimori {

// Custom key stores (AWS KMS API reference, operations of the same names). Each runs inside a transaction; shapes and
// lengths of members have been checked by the dialect. Create and update ask a proxy for its health, so they belong
// where waiting harms nobody (Engine::run with calls_outside).

struct CreateCustomKeyStoreRequest {
  std::string name;
  CustomKeyStoreType type = CustomKeyStoreType::kExternal;
  XksProxyConfiguration proxy;                // of an external key store
  HsmStoreMembers hsm;                        // of one in an HSM: both
  std::shared_ptr<const SecretBytes> secret;  // of the proxy's access key; in an HSM the password
};
// The id of the new store, which is disconnected. kLimitExceeded, kCustomKeyStoreNameInUse, kXksProxy...,
// kCloudHsmCluster..., kIncorrectTrustAnchor
Result<std::string> create_custom_key_store(Transaction& transaction, const CreateCustomKeyStoreRequest& request);

// What is not there stays as it is.
struct UpdateCustomKeyStoreRequest {
  std::string store_id;
  std::optional<std::string> name, uri_endpoint, uri_path, vpc_service_name, vpc_service_owner, access_key_id;
  std::optional<XksConnectivity> connectivity;
  std::optional<std::string> cluster_id;
  std::shared_ptr<const SecretBytes> secret;    // of the proxy's access key
  std::shared_ptr<const SecretBytes> password;  // of the user in the HSM

  bool is_about_proxy() const {
    return uri_endpoint || uri_path || vpc_service_name || vpc_service_owner || access_key_id || connectivity ||
           secret != nullptr;
  }
  bool is_about_hsm() const { return cluster_id || password != nullptr; }
};
Status update_custom_key_store(Transaction& transaction, const UpdateCustomKeyStoreRequest& request);

// kCustomKeyStoreHasCMKs while there are keys in it, also such as await deletion.
Status delete_custom_key_store(Transaction& transaction, std::string_view store_id);
// The clock does the rest (Engine::settle_key_stores).
Status connect_custom_key_store(Transaction& transaction, std::string_view store_id);
Status disconnect_custom_key_store(Transaction& transaction, std::string_view store_id);

struct DescribeCustomKeyStoresRequest {
  std::string store_id, name;  // one of them or neither
  std::size_t limit = 0;
  std::optional<std::string> marker;
};
struct CustomKeyStoreList {
  std::vector<CustomKeyStore> stores;
  std::optional<std::string> next_marker;
};
Result<CustomKeyStoreList> describe_custom_key_stores(Transaction& transaction,
                                                      const DescribeCustomKeyStoresRequest& request);

}  // namespace kagimori
