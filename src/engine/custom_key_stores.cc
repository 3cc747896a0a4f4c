#include "engine/custom_key_stores.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cache_key.h"
#include "engine/key_store_records.h"
#include "engine/marker.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxUri = 256;  // characters, endpoint and path together

Status authorize_action(Transaction& transaction, std::string_view action) {
  return transaction.authorize({action, "*", nullptr, false, {}});
}

tl::unexpected<Error> wrong_state(const CustomKeyStore& store, std::string_view remedy) {
  return fail(ErrorCode::kCustomKeyStoreInvalidState,
              fmt::format("The connection state of custom key store {} is {}, which does not allow this. {}", store.id,
                          connection_state_name(store.state), remedy));
}

Status check_name(const CustomKeyStore& store, const std::vector<CustomKeyStore>& all) {
  for (const CustomKeyStore& other : all) {
    if (other.id == store.id || other.name != store.name) continue;
    return fail(ErrorCode::kCustomKeyStoreNameInUse,
                fmt::format("Another custom key store has the name {} already.", store.name));
  }
  return {};
}

Status check_uniqueness(const CustomKeyStore& store, const std::vector<CustomKeyStore>& all) {
  const auto is_vpc = [](const XksProxyConfiguration& proxy) {
    return proxy.connectivity == XksConnectivity::kVpcEndpointService;
  };
  const XksProxyConfiguration& proxy = store.proxy;
  for (const CustomKeyStore& other : all) {
    if (other.id == store.id) continue;
    if (is_vpc(proxy) && proxy.vpc_service_name == other.proxy.vpc_service_name) {
      return fail(ErrorCode::kXksProxyVpcEndpointServiceInUse,
                  fmt::format("Another custom key store uses the VPC endpoint service {}.", proxy.vpc_service_name));
    }
    if (proxy.uri_endpoint != other.proxy.uri_endpoint) continue;
    if (proxy.uri_path == other.proxy.uri_path) {
      return fail(ErrorCode::kXksProxyUriInUse,
                  fmt::format("Another custom key store uses the proxy at {}{}.", proxy.uri_endpoint, proxy.uri_path));
    }
    if (is_vpc(proxy) || is_vpc(other.proxy)) {
      return fail(ErrorCode::kXksProxyUriEndpointInUse,
                  fmt::format("Another custom key store uses the endpoint {}, and stores share one only where all of "
                              "them have PUBLIC_ENDPOINT connectivity.",
                              proxy.uri_endpoint));
    }
  }
  return {};
}

Status check_configuration(const XksProxyConfiguration& proxy) {
  if (proxy.uri_endpoint.size() + proxy.uri_path.size() > kMaxUri) {
    return fail(
        ErrorCode::kXksProxyInvalidConfiguration,
        fmt::format("XksProxyUriEndpoint and XksProxyUriPath together must not exceed {} characters.", kMaxUri));
  }
  const bool is_vpc = proxy.connectivity == XksConnectivity::kVpcEndpointService;
  if (is_vpc == !proxy.vpc_service_name.empty()) return {};
  return fail(ErrorCode::kValidation,
              is_vpc ? "XksProxyConnectivity VPC_ENDPOINT_SERVICE needs an XksProxyVpcEndpointServiceName."
                     : "XksProxyVpcEndpointServiceName goes with XksProxyConnectivity VPC_ENDPOINT_SERVICE only.");
}

Status check_health(Transaction& transaction, const CustomKeyStore& store, const SecretBytes& secret) {
  const auto health =
      proxy_of(transaction, store, secret).health(transaction.crypto(), xks_request_metadata(transaction));
  if (health) return {};
  return fail(xks_error(xks_fault_meaning(health.error()).store, health.error()));
}

Status wrap_secret(Transaction& transaction, CustomKeyStore& store, const SecretBytes& secret) {
  TRY_ASSIGN(store.secret, transaction.keyrings().wrap(transaction.crypto(), material_binding(store), secret.expose()));
  return {};
}

// Sends a store on its way, and the clock after it.
Status set_out(Transaction& transaction, CustomKeyStore store, ConnectionState state) {
  store.state = state;
  store.error_code.clear();
  TRY(put_key_store(transaction, store));
  TRY(transaction.put(kSystemAccount, Table::kJobs, record_key::connection_job(store.account, store.region, store.id),
                      {}));
  transaction.request_sweep();
  return {};
}

template <typename T>
bool take_over(const std::optional<T>& from, T& to) {
  if (!from || *from == to) return false;
  to = *from;
  return true;
}

// Applies what is asked for; whether the proxy is another one then.
struct Changes {
  bool place = false;  // allowed only while disconnected
  bool proxy = false;
};
Changes apply_changes(const UpdateCustomKeyStoreRequest& request, CustomKeyStore& store) {
  Changes changes;
  XksProxyConfiguration& proxy = store.proxy;
  take_over(request.name, store.name);
  changes.place |= take_over(request.uri_endpoint, proxy.uri_endpoint);
  changes.place |= take_over(request.vpc_service_name, proxy.vpc_service_name);
  changes.place |= take_over(request.vpc_service_owner, proxy.vpc_service_owner);
  if (take_over(request.connectivity, proxy.connectivity)) {
    changes.place = true;
    if (proxy.connectivity == XksConnectivity::kPublicEndpoint && !request.vpc_service_name) {
      proxy.vpc_service_name.clear();
      proxy.vpc_service_owner.clear();
    }
  }
  changes.proxy = take_over(request.uri_path, proxy.uri_path) || changes.place;
  changes.proxy |= take_over(request.access_key_id, proxy.access_key_id) || request.secret != nullptr;
  return changes;
}

Status check_may_change(const CustomKeyStore& store, const Changes& changes) {
  if (store.state == ConnectionState::kDisconnected) return {};
  if (store.type == CustomKeyStoreType::kCloudHsm) return wrong_state(store, "Disconnect it first.");
  if (store.state == ConnectionState::kConnected && !changes.place) return {};
  return wrong_state(store,
                     "Disconnect it first; while it is CONNECTED, its name, the URI path and the credential of its "
                     "proxy can be changed.");
}

// The secret to reach the proxy with: the new one, or the one that was stored.
Status renew_proxy(Transaction& transaction, CustomKeyStore& store, const SecretBytes* secret) {
  TRY(check_configuration(store.proxy));
  if (secret != nullptr) {
    TRY(check_health(transaction, store, *secret));
    transaction.scrub();
    return wrap_secret(transaction, store, *secret);
  }
  TRY_ASSIGN(const SecretBytes kept,
             transaction.keyrings().unwrap(transaction.crypto(), material_binding(store), store.secret));
  return check_health(transaction, store, kept);
}

Status check_new_proxy(Transaction& transaction, const CustomKeyStore& store, const std::vector<CustomKeyStore>& all,
                       const SecretBytes& secret) {
  TRY(check_configuration(store.proxy));
  TRY(check_uniqueness(store, all));
  return check_health(transaction, store, secret);
}

// Of another cluster and another password, which are taken only while nothing uses the old ones.
Status update_hsm_store(Transaction& transaction, CustomKeyStore& store, const UpdateCustomKeyStoreRequest& request,
                        const std::vector<CustomKeyStore>& all) {
  if (request.is_about_proxy()) {
    return fail(ErrorCode::kValidation,
                fmt::format("The custom key store {} is of type AWS_CLOUDHSM and has no proxy. Leave the members that "
                            "begin with Xks out.",
                            store.id));
  }
  if (request.cluster_id) {
    transaction.trail().parameter("cloudHsmClusterId", *request.cluster_id);
    TRY(move_hsm_store(transaction, store, *request.cluster_id, all));
  }
  if (request.password == nullptr) return {};
  transaction.scrub();
  return wrap_secret(transaction, store, *request.password);
}

void put_parameters(Trail& trail, const XksProxyConfiguration& proxy) {
  trail.parameter("xksProxyConnectivity", xks_connectivity_name(proxy.connectivity))
      .parameter("xksProxyUriEndpoint", proxy.uri_endpoint)
      .parameter("xksProxyUriPath", proxy.uri_path);
  if (!proxy.vpc_service_name.empty()) trail.parameter("xksProxyVpcEndpointServiceName", proxy.vpc_service_name);
}

}  // namespace

Result<std::string> create_custom_key_store(Transaction& transaction, const CreateCustomKeyStoreRequest& request) {
  transaction.trail()
      .parameter("customKeyStoreName", request.name)
      .parameter("customKeyStoreType", custom_key_store_type_name(request.type));
  const bool is_external = request.type == CustomKeyStoreType::kExternal;
  if (is_external) put_parameters(transaction.trail(), request.proxy);
  if (!is_external) transaction.trail().parameter("cloudHsmClusterId", *request.hsm.cluster_id);
  TRY(authorize_action(transaction, "kms:CreateCustomKeyStore"));
  CustomKeyStore store;
  store.row = RowId::make(transaction.random());
  store.account = transaction.account();
  store.region = transaction.region();
  store.id = make_custom_key_store_id(transaction.random());
  store.name = request.name;
  store.type = request.type;
  store.proxy = request.proxy;
  store.created = transaction.lifecycle_now();
  TRY_ASSIGN(const auto all, change_key_stores(transaction, 1));
  const std::size_t quota = transaction.settings().quotas.custom_key_stores;
  if (all.size() >= quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("The account has {} custom key stores in this Region, as many as the quota "
                            "custom_key_stores allows.",
                            all.size()));
  }
  TRY(check_name(store, all));
  TRY(is_external ? check_new_proxy(transaction, store, all, *request.secret)
                  : place_hsm_store(transaction, store, request.hsm, all));
  TRY(wrap_secret(transaction, store, *request.secret));
  TRY(transaction.put_new(store.account, Table::kCustomKeyStores,
                          record_key::custom_key_store(store.account, store.region, store.id), encode(store)));
  transaction.invalidate(cache_key::key_store(store.account, store.region, store.id));
  transaction.trail().response("customKeyStoreId", store.id);
  return store.id;
}

Status update_custom_key_store(Transaction& transaction, const UpdateCustomKeyStoreRequest& request) {
  transaction.trail().parameter("customKeyStoreId", request.store_id);
  if (request.name) transaction.trail().parameter("newCustomKeyStoreName", *request.name);
  TRY(authorize_action(transaction, "kms:UpdateCustomKeyStore"));
  TRY_ASSIGN(CustomKeyStore store, find_key_store(transaction, request.store_id));
  const bool is_external = store.type == CustomKeyStoreType::kExternal;
  const Changes changes = apply_changes(request, store);
  if (is_external && changes.proxy) put_parameters(transaction.trail(), store.proxy);
  TRY(check_may_change(store, changes));
  TRY_ASSIGN(const auto all, change_key_stores(transaction, 0));
  TRY(check_name(store, all));
  if (!is_external) {
    TRY(update_hsm_store(transaction, store, request, all));
  } else if (request.is_about_hsm()) {
    return fail(ErrorCode::kValidation,
                fmt::format("The custom key store {} is an external key store and has no cluster. Leave "
                            "CloudHsmClusterId and KeyStorePassword out.",
                            store.id));
  } else if (changes.proxy) {
    TRY(check_uniqueness(store, all));
    TRY(renew_proxy(transaction, store, request.secret.get()));
  }
  return put_key_store(transaction, store);
}

Status delete_custom_key_store(Transaction& transaction, std::string_view store_id) {
  transaction.trail().parameter("customKeyStoreId", store_id);
  TRY(authorize_action(transaction, "kms:DeleteCustomKeyStore"));
  TRY_ASSIGN(const CustomKeyStore store, find_key_store(transaction, store_id));
  if (store.state != ConnectionState::kDisconnected) return wrong_state(store, "Disconnect it first.");
  if (store.key_count > 0) {
    return fail(ErrorCode::kCustomKeyStoreHasCMKs,
                fmt::format("The custom key store {} holds {} KMS keys. Schedule their deletion, and delete the store "
                            "once they are gone; in an HSM they are removed while the store is connected.",
                            store.id, store.key_count));
  }
  TRY_ASSIGN(const auto all, change_key_stores(transaction, -1));
  TRY(transaction.erase(Table::kCustomKeyStores, record_key::custom_key_store(store.account, store.region, store.id)));
  transaction.invalidate(cache_key::key_store(store.account, store.region, store.id));
  transaction.scrub();
  return {};
}

Status connect_custom_key_store(Transaction& transaction, std::string_view store_id) {
  transaction.trail().parameter("customKeyStoreId", store_id);
  TRY(authorize_action(transaction, "kms:ConnectCustomKeyStore"));
  TRY_ASSIGN(CustomKeyStore store, find_key_store(transaction, store_id));
  switch (store.state) {
    case ConnectionState::kConnected:
    case ConnectionState::kConnecting:
      return {};
    case ConnectionState::kFailed:
      return wrong_state(store, "Disconnect it, correct what failed, and connect it again.");
    case ConnectionState::kDisconnecting:
      return wrong_state(store, "Wait until it is DISCONNECTED.");
    case ConnectionState::kDisconnected:
      break;
  }
  ++store.attempts;
  return set_out(transaction, std::move(store), ConnectionState::kConnecting);
}

Status disconnect_custom_key_store(Transaction& transaction, std::string_view store_id) {
  transaction.trail().parameter("customKeyStoreId", store_id);
  TRY(authorize_action(transaction, "kms:DisconnectCustomKeyStore"));
  TRY_ASSIGN(CustomKeyStore store, find_key_store(transaction, store_id));
  if (store.is_disconnected()) return wrong_state(store, "Nothing is left to do.");
  return set_out(transaction, std::move(store), ConnectionState::kDisconnecting);
}

Result<CustomKeyStoreList> describe_custom_key_stores(Transaction& transaction,
                                                      const DescribeCustomKeyStoresRequest& request) {
  if (!request.store_id.empty()) transaction.trail().parameter("customKeyStoreId", request.store_id);
  if (!request.name.empty()) transaction.trail().parameter("customKeyStoreName", request.name);
  TRY(authorize_action(transaction, "kms:DescribeCustomKeyStores"));
  CustomKeyStoreList list;
  if (!request.store_id.empty()) {
    TRY_ASSIGN(CustomKeyStore store, find_key_store(transaction, request.store_id));
    list.stores.push_back(std::move(store));
    return list;
  }
  const std::string& account = transaction.account();
  const Bytes prefix = record_key::custom_key_stores_of(account, transaction.region());
  const ListMarkers markers(transaction.crypto(), "DescribeCustomKeyStores", prefix);
  Bytes after;
  if (request.marker) {
    TRY_ASSIGN(const std::string last, markers.open(*request.marker));
    after = record_key::custom_key_store(account, transaction.region(), last);
  }
  const bool one = !request.name.empty();
  TRY_ASSIGN(auto loaded, one ? transaction.scan_all<CustomKeyStore>(account, Table::kCustomKeyStores, prefix)
                              : transaction.scan<CustomKeyStore>(account, Table::kCustomKeyStores, prefix, after,
                                                                 request.limit + 1));
  for (Loaded<CustomKeyStore>& store : loaded) {
    if (one && store.record.name != request.name) continue;
    if (list.stores.size() == request.limit) {
      list.next_marker = markers.make(list.stores.back().id);
      break;
    }
    list.stores.push_back(std::move(store.record));
  }
  if (one && list.stores.empty()) {
    return fail(ErrorCode::kCustomKeyStoreNotFound, fmt::format("No custom key store has the name {}.", request.name));
  }
  return list;
}

}  // namespace kagimori
