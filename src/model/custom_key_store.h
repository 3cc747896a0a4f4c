#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/key.h"

namespace kagimori {

// Custom key stores (AWS KMS developer guide, "Key stores"): where keys live, or are doubly encrypted, outside the
// service.

enum class CustomKeyStoreType : std::uint8_t { kCloudHsm = 1, kExternal = 2 };
enum class XksConnectivity : std::uint8_t { kPublicEndpoint = 1, kVpcEndpointService = 2 };
enum class ConnectionState : std::uint8_t {
  kDisconnected = 1,
  kConnecting = 2,
  kConnected = 3,
  kFailed = 4,
  kDisconnecting = 5
};

// As AWS writes them.
std::string_view custom_key_store_type_name(CustomKeyStoreType type);
std::string_view xks_connectivity_name(XksConnectivity connectivity);
std::string_view connection_state_name(ConnectionState state);

// Where the proxy of an external key store is. The names of VPC endpoint services are kept and shown; the way to the
// proxy is the endpoint's name all the same.
struct XksProxyConfiguration {
  XksConnectivity connectivity = XksConnectivity::kPublicEndpoint;
  std::string uri_endpoint;  // https://host
  std::string uri_path;      // [/prefix]/kms/xks/v1
  std::string vpc_service_name, vpc_service_owner;
  std::string access_key_id;
  bool operator==(const XksProxyConfiguration&) const = default;
};

// Table kCustomKeyStores.
struct CustomKeyStore {
  RowId row;
  AccountId account;
  std::string region;
  std::string id;    // cks- and 17 hexadecimal digits
  std::string name;  // unique in account and Region
  CustomKeyStoreType type = CustomKeyStoreType::kExternal;
  XksProxyConfiguration proxy;  // of an external key store
  std::string cluster_id;       // of one in an HSM
  std::string trust_anchor;     // of one in an HSM: the cluster's certificate, PEM
  WrappedMaterial secret;       // of the proxy's access key; in an HSM the password
  ConnectionState state = ConnectionState::kDisconnected;
  std::string error_code;      // AWS's ConnectionErrorCode, only of a failed one
  std::uint32_t attempts = 0;  // to connect; tells what an attempt finds apart from what is true by then
  std::uint64_t key_count = 0;
  Timestamp created;
  bool operator==(const CustomKeyStore&) const = default;

  // Somebody has switched it off: its keys are Unavailable. Of a store that failed they are not, says AWS.
  bool is_disconnected() const {
    return state == ConnectionState::kDisconnected || state == ConnectionState::kDisconnecting;
  }
};
std::string make_custom_key_store_id(RandomSource& random);

// The key in a custom key store that is a KMS key, or doubles it; stands among the attributes of the key's object.
struct ExternalKey {
  std::string store_id;
  std::string key_id;  // of an external key store: XksKeyId; of an HSM: the CKA_ID in hexadecimal
  bool operator==(const ExternalKey&) const = default;
};
void set_external_key(KeyObject& object, const ExternalKey& external);
// nullopt for a key of another origin, whatever attributes its object has.
std::optional<ExternalKey> external_key_of(const Key& key, const KeyObject& object);

}  // namespace kagimori
