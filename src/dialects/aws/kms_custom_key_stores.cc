// CreateCustomKeyStore, UpdateCustomKeyStore, DeleteCustomKeyStore, ConnectCustomKeyStore, DisconnectCustomKeyStore,
// DescribeCustomKeyStores.

#include <fmt/format.h>

#include <array>

#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/custom_key_stores.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 2> kStoreTypes = {"AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"};
constexpr std::array<std::string_view, 2> kConnectivities = {"PUBLIC_ENDPOINT", "VPC_ENDPOINT_SERVICE"};

std::optional<std::string> text_of(JsonMembers& members, std::string_view name, const TextConstraint& constraint) {
  const auto text = members.text(name, constraint);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

// The members that stores of type AWS_CLOUDHSM have.
struct ClusterMembers {
  std::optional<std::string_view> cluster_id, password;
  std::optional<std::string_view> trust_anchor;  // to CreateCustomKeyStore only

  bool any() const { return cluster_id || trust_anchor || password; }
  bool all() const { return cluster_id && trust_anchor && password; }
};

ClusterMembers read_cluster(JsonMembers& members) {
  ClusterMembers cluster;
  cluster.cluster_id = members.text("CloudHsmClusterId", member::kCloudHsmClusterId);
  cluster.password = members.hidden_text("KeyStorePassword", member::kKeyStorePassword);
  return cluster;
}

std::shared_ptr<const SecretBytes> secret_of(std::string_view text) {
  return std::make_shared<const SecretBytes>(SecretBytes::copy_of(as_bytes(text)));
}

struct ProxyMembers {
  std::optional<std::string> uri_endpoint, uri_path, vpc_service_name, vpc_service_owner, access_key_id;
  std::optional<XksConnectivity> connectivity;
  std::shared_ptr<const SecretBytes> secret;

  bool any() const {
    return uri_endpoint || uri_path || vpc_service_name || vpc_service_owner || access_key_id || connectivity;
  }
};

void read_credential(JsonMembers& members, ProxyMembers& proxy) {
  const JsonValue* const credential = members.structure("XksProxyAuthenticationCredential");
  if (credential == nullptr) return;
  JsonMembers inner(*credential, "xksProxyAuthenticationCredential");
  inner.require("AccessKeyId");
  inner.require("RawSecretAccessKey");
  const auto access_key_id = inner.hidden_text("AccessKeyId", member::kXksAccessKeyId);
  const auto secret = inner.hidden_text("RawSecretAccessKey", member::kXksSecretAccessKey);
  members.absorb(inner);
  if (access_key_id) proxy.access_key_id = std::string(*access_key_id);
  if (secret) proxy.secret = secret_of(*secret);
}

ProxyMembers read_proxy(JsonMembers& members) {
  ProxyMembers proxy;
  proxy.uri_endpoint = text_of(members, "XksProxyUriEndpoint", member::kXksProxyUriEndpoint);
  proxy.uri_path = text_of(members, "XksProxyUriPath", member::kXksProxyUriPath);
  proxy.vpc_service_name = text_of(members, "XksProxyVpcEndpointServiceName", member::kXksVpcServiceName);
  proxy.vpc_service_owner = text_of(members, "XksProxyVpcEndpointServiceOwner", member::kAccountId);
  if (const auto name = members.enumeration("XksProxyConnectivity", kConnectivities)) {
    proxy.connectivity =
        *name == "PUBLIC_ENDPOINT" ? XksConnectivity::kPublicEndpoint : XksConnectivity::kVpcEndpointService;
  }
  read_credential(members, proxy);
  return proxy;
}

Status take_proxy(ProxyMembers proxy, const ClusterMembers& hsm, CreateCustomKeyStoreRequest& request) {
  if (hsm.any()) {
    return fail(ErrorCode::kValidation,
                "CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword are members of stores of type "
                "AWS_CLOUDHSM. Leave them out.");
  }
  if (!proxy.uri_endpoint || !proxy.uri_path || !proxy.connectivity || proxy.secret == nullptr) {
    return fail(ErrorCode::kValidation,
                "An external key store needs XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential "
                "and XksProxyConnectivity.");
  }
  request.proxy = {*proxy.connectivity,
                   *proxy.uri_endpoint,
                   *proxy.uri_path,
                   proxy.vpc_service_name.value_or(""),
                   proxy.vpc_service_owner.value_or(""),
                   *proxy.access_key_id};
  request.secret = std::move(proxy.secret);
  return {};
}

Status take_cluster(const ClusterMembers& hsm, const ProxyMembers& proxy, CreateCustomKeyStoreRequest& request) {
  if (proxy.any()) {
    return fail(ErrorCode::kValidation,
                "The members that begin with Xks are those of stores of type EXTERNAL_KEY_STORE, and this one is of "
                "type AWS_CLOUDHSM (the default). Leave them out, or give that type.");
  }
  if (!hsm.all()) {
    return fail(ErrorCode::kValidation,
                "A custom key store of type AWS_CLOUDHSM (the default) needs CloudHsmClusterId, "
                "TrustAnchorCertificate and KeyStorePassword.");
  }
  request.hsm = {std::string(*hsm.cluster_id), std::string(*hsm.trust_anchor)};
  request.secret = secret_of(*hsm.password);
  return {};
}

// An operation whose only member is the id of a store and whose answer is {}.
JsonAnswer simple_store_operation(JsonCall& call, Status (*operation)(Transaction&, std::string_view)) {
  JsonMembers members(call.body);
  std::string store_id(members.required_text("CustomKeyStoreId", member::kCustomKeyStoreId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([store_id = std::move(store_id), operation](Transaction& transaction) -> Result<std::string> {
    TRY(operation(transaction, store_id));
    return std::string("{}");
  });
}

void write_optional(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.member(name, text);
}

// CustomKeyStoresListEntry (AWS KMS API reference).
void write_entry(JsonWriter& json, const CustomKeyStore& store) {
  json.begin_object()
      .member("CustomKeyStoreId", store.id)
      .member("CustomKeyStoreName", store.name)
      .member("ConnectionState", connection_state_name(store.state));
  write_optional(json, "ConnectionErrorCode", store.error_code);
  json.member("CreationDate", store.created).member("CustomKeyStoreType", custom_key_store_type_name(store.type));
  if (store.type == CustomKeyStoreType::kCloudHsm) {
    json.member("CloudHsmClusterId", store.cluster_id)
        .member("TrustAnchorCertificate", store.trust_anchor)
        .end_object();
    return;
  }
  json.key("XksProxyConfiguration")
      .begin_object()
      .member("Connectivity", xks_connectivity_name(store.proxy.connectivity))
      .member("AccessKeyId", store.proxy.access_key_id)
      .member("UriEndpoint", store.proxy.uri_endpoint)
      .member("UriPath", store.proxy.uri_path);
  write_optional(json, "VpcEndpointServiceName", store.proxy.vpc_service_name);
  write_optional(json, "VpcEndpointServiceOwner", store.proxy.vpc_service_owner);
  json.end_object().end_object();
}

}  // namespace

JsonAnswer kms_create_custom_key_store(JsonCall& call) {
  JsonMembers members(call.body);
  CreateCustomKeyStoreRequest request;
  request.name = members.required_text("CustomKeyStoreName", member::kCustomKeyStoreName);
  const auto type = members.enumeration("CustomKeyStoreType", kStoreTypes);
  ClusterMembers hsm = read_cluster(members);
  hsm.trust_anchor = members.text("TrustAnchorCertificate", member::kTrustAnchorCertificate);
  ProxyMembers proxy = read_proxy(members);
  ANSWER_IF_FAILED(members.status());
  request.type = type == "EXTERNAL_KEY_STORE" ? CustomKeyStoreType::kExternal : CustomKeyStoreType::kCloudHsm;
  ANSWER_IF_FAILED(request.type == CustomKeyStoreType::kExternal ? take_proxy(std::move(proxy), hsm, request)
                                                                 : take_cluster(hsm, proxy, request));
  return answer_from_outside([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string id, create_custom_key_store(transaction, request));
    std::string body;
    JsonWriter(body).begin_object().member("CustomKeyStoreId", id).end_object();
    return body;
  });
}

JsonAnswer kms_update_custom_key_store(JsonCall& call) {
  JsonMembers members(call.body);
  UpdateCustomKeyStoreRequest request;
  request.store_id = members.required_text("CustomKeyStoreId", member::kCustomKeyStoreId);
  request.name = text_of(members, "NewCustomKeyStoreName", member::kCustomKeyStoreName);
  const ClusterMembers hsm = read_cluster(members);
  ProxyMembers proxy = read_proxy(members);
  ANSWER_IF_FAILED(members.status());
  if (!request.name && !proxy.any() && !hsm.any()) {
    return answer_error({ErrorCode::kValidation, "Nothing is to be changed. Name at least one new value."});
  }
  request.uri_endpoint = std::move(proxy.uri_endpoint);
  request.uri_path = std::move(proxy.uri_path);
  request.vpc_service_name = std::move(proxy.vpc_service_name);
  request.vpc_service_owner = std::move(proxy.vpc_service_owner);
  request.access_key_id = std::move(proxy.access_key_id);
  request.connectivity = proxy.connectivity;
  request.secret = std::move(proxy.secret);
  if (hsm.cluster_id) request.cluster_id = std::string(*hsm.cluster_id);
  if (hsm.password) request.password = secret_of(*hsm.password);
  return answer_from_outside([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY(update_custom_key_store(transaction, request));
    return std::string("{}");
  });
}

JsonAnswer kms_delete_custom_key_store(JsonCall& call) { return simple_store_operation(call, delete_custom_key_store); }
JsonAnswer kms_connect_custom_key_store(JsonCall& call) {
  return simple_store_operation(call, connect_custom_key_store);
}
JsonAnswer kms_disconnect_custom_key_store(JsonCall& call) {
  return simple_store_operation(call, disconnect_custom_key_store);
}

JsonAnswer kms_describe_custom_key_stores(JsonCall& call) {
  JsonMembers members(call.body);
  DescribeCustomKeyStoresRequest request;
  request.store_id = members.text("CustomKeyStoreId", member::kCustomKeyStoreId).value_or("");
  request.name = members.text("CustomKeyStoreName", member::kCustomKeyStoreName).value_or("");
  request.limit = members.limit(service_limit::kCustomKeyStorePage);
  request.marker = text_of(members, "Marker", member::kMarker);
  ANSWER_IF_FAILED(members.status());
  if (!request.store_id.empty() && !request.name.empty()) {
    return answer_error({ErrorCode::kValidation, "Give CustomKeyStoreId or CustomKeyStoreName, not both."});
  }
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const CustomKeyStoreList list, describe_custom_key_stores(transaction, request));
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("CustomKeyStores").begin_array();
    for (const CustomKeyStore& store : list.stores) write_entry(json, store);
    json.end_array();
    if (list.next_marker) json.member("NextMarker", *list.next_marker);
    json.member("Truncated", list.next_marker.has_value()).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
