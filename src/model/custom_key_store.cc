#include "model/custom_key_store.h"

#include <array>

#include "base/encoding.h"

namespace kagimori {
namespace {

constexpr std::string_view kStoreAttribute = "x-Custom Key Store";
constexpr std::string_view kKeyAttribute = "x-Key in Store";

const std::string* text_attribute(const KeyObject& object, std::string_view name) {
  for (const AttributeValue& attribute : object.attributes) {
    if (attribute.name == name) return std::get_if<std::string>(&attribute.value);
  }
  return nullptr;
}

}  // namespace

std::string_view custom_key_store_type_name(CustomKeyStoreType type) {
  return type == CustomKeyStoreType::kExternal ? "EXTERNAL_KEY_STORE" : "AWS_CLOUDHSM";
}

std::string_view xks_connectivity_name(XksConnectivity connectivity) {
  return connectivity == XksConnectivity::kPublicEndpoint ? "PUBLIC_ENDPOINT" : "VPC_ENDPOINT_SERVICE";
}

std::string_view connection_state_name(ConnectionState state) {
  constexpr std::array<std::string_view, 6> kNames = {"",          "DISCONNECTED", "CONNECTING",
                                                      "CONNECTED", "FAILED",       "DISCONNECTING"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string make_custom_key_store_id(RandomSource& random) {
  constexpr std::size_t kDigits = 17;
  std::array<std::uint8_t, 9> bytes{};
  random.fill_public(bytes);
  return "cks-" + hex_encode(bytes).substr(0, kDigits);
}

void set_external_key(KeyObject& object, const ExternalKey& external) {
  object.attributes.push_back({std::string(kStoreAttribute), 0, external.store_id});
  object.attributes.push_back({std::string(kKeyAttribute), 0, external.key_id});
}

std::optional<ExternalKey> external_key_of(const Key& key, const KeyObject& object) {
  if (!is_in_key_store(key.origin)) return std::nullopt;
  const std::string* const store = text_attribute(object, kStoreAttribute);
  const std::string* const key_id = text_attribute(object, kKeyAttribute);
  if (store == nullptr || key_id == nullptr) return std::nullopt;
  return ExternalKey{*store, *key_id};
}

}  // namespace kagimori
