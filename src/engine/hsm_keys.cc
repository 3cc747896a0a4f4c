#include "engine/hsm_keys.h"

#include <fmt/format.h>

#include <array>

#include "base/encoding.h"

namespace kagimori {
namespace {

// In the order of HsmFault.
constexpr std::array kMeanings = {
    HsmFaultMeaning{"is not configured on this server any more. Add its cluster to the server's hsm_clusters.",
                    ErrorCode::kCloudHsmClusterInvalidConfiguration, "CLUSTER_NOT_FOUND"},
    HsmFaultMeaning{"can't be reached, or its token is not there.", ErrorCode::kCloudHsmClusterInvalidConfiguration,
                    "INSUFFICIENT_CLOUDHSM_HSMS"},
    HsmFaultMeaning{"did not answer in time.", ErrorCode::kDependencyTimeout, "NETWORK_ERRORS"},
    HsmFaultMeaning{"does not take the store's KeyStorePassword. Disconnect the store, update the password, and "
                    "connect it again.",
                    ErrorCode::kCloudHsmClusterInvalidConfiguration, "INVALID_CREDENTIALS"},
    HsmFaultMeaning{"knows no user of that name, or the user has no password yet.",
                    ErrorCode::kCloudHsmClusterInvalidConfiguration, "USER_NOT_FOUND"},
    HsmFaultMeaning{"has locked the user out after too many wrong passwords.",
                    ErrorCode::kCloudHsmClusterInvalidConfiguration, "USER_LOCKED_OUT"},
    HsmFaultMeaning{"lets nobody in while somebody else is logged in.", ErrorCode::kCloudHsmClusterInvalidConfiguration,
                    "USER_LOGGED_IN"},
    HsmFaultMeaning{"does not hold the key any more.", ErrorCode::kCloudHsmClusterInvalidConfiguration,
                    "INTERNAL_ERROR"},
    HsmFaultMeaning{"can't decrypt this.", ErrorCode::kInternal, "INTERNAL_ERROR"},
    HsmFaultMeaning{"refused the operation.", ErrorCode::kCloudHsmClusterInvalidConfiguration, "INTERNAL_ERROR"},
};
static_assert(kMeanings.size() == static_cast<std::size_t>(HsmFault::kRefused) + 1);

}  // namespace

const HsmFaultMeaning& hsm_fault_meaning(HsmFault fault) { return kMeanings[static_cast<std::size_t>(fault)]; }

Error hsm_error(ErrorCode code, const CustomKeyStore& store, HsmFault fault) {
  return {code, fmt::format("The HSM of custom key store {} {}", store.id, hsm_fault_meaning(fault).sentence)};
}

std::string make_hsm_key_id(RandomSource& random) {
  std::array<std::uint8_t, kHsmKeyIdSize> id{};
  random.fill_public(id);
  return hex_encode(id);
}

Result<Bytes> hsm_key_id_bytes(std::string_view key_id) {
  auto bytes = hex_decode(key_id);
  if (bytes && bytes->size() == kHsmKeyIdSize) return bytes;
  return fail(ErrorCode::kCorrupt, fmt::format("{} is not the id of a key in an HSM.", key_id));
}

void AbandonedHsmKeys::add(HsmRemovalJob key) {
  {
    const std::lock_guard lock(mutex_);
    keys_.push_back(std::move(key));
  }
  wake_();
}

std::vector<HsmRemovalJob> AbandonedHsmKeys::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(keys_, {});
}

NewHsmKey::~NewHsmKey() {
  if (abandoned_ != nullptr) abandoned_->add(std::move(key_));
}

HsmResult<void> NewHsmKey::make(HsmClusters& hsm, const CustomKeyStore& store, const SecretBytes& password,
                                RandomSource& random, std::string label, AbandonedHsmKeys& abandoned) {
  if (!label_.empty()) return {};
  key_ = {store.account, store.region, store.id, make_hsm_key_id(random)};
  // From here on it may be there, whatever the answer is.
  abandoned_ = &abandoned;
  const Bytes id = *hsm_key_id_bytes(key_.key_id);
  const auto made = hsm.generate_key(store.cluster_id, password, id, label);
  if (made) label_ = std::move(label);
  return made;
}

}  // namespace kagimori
