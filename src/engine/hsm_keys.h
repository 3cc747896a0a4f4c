#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/hsm.h"
#include "base/result.h"
#include "model/custom_key_store.h"
#include "model/record_keys.h"

namespace kagimori {

// Keys in the HSMs of custom key stores (AWS KMS developer guide, "AWS CloudHSM key stores").

// What a fault means to each side.
struct HsmFaultMeaning {
  std::string_view sentence;          // follows "The HSM of custom key store cks-... "
  ErrorCode create_key;               // to CreateKey
  std::string_view connection_error;  // AWS's ConnectionErrorCode
};
const HsmFaultMeaning& hsm_fault_meaning(HsmFault fault);
Error hsm_error(ErrorCode code, const CustomKeyStore& store, HsmFault fault);

// A new id for a key in an HSM, in hexadecimal as in ExternalKey, and back. kCorrupt for a text that is none.
std::string make_hsm_key_id(RandomSource& random);
Result<Bytes> hsm_key_id_bytes(std::string_view key_id);

// Keys that were made in an HSM for a CreateKey that was not committed then. The clock removes them; what it does not
// get to is an AES key that never encrypted anything. Any thread.
class AbandonedHsmKeys {
 public:
  explicit AbandonedHsmKeys(std::function<void()> wake) : wake_(std::move(wake)) {}
  void add(HsmRemovalJob key);
  std::vector<HsmRemovalJob> take();

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<HsmRemovalJob> keys_;
};

// The key in an HSM for one CreateKey: made once, whatever number of tries the request takes, and abandoned unless one
// of them was committed. Used by one thread at a time.
class NewHsmKey {
 public:
  NewHsmKey() = default;
  ~NewHsmKey();
  NewHsmKey(const NewHsmKey&) = delete;
  NewHsmKey& operator=(const NewHsmKey&) = delete;

  // The KMS key's id, which the HSM has as the label of its key; empty until that is made.
  const std::string& label() const { return label_; }
  const std::string& key_id() const { return key_.key_id; }
  HsmResult<void> make(HsmClusters& hsm, const CustomKeyStore& store, const SecretBytes& password, RandomSource& random,
                       std::string label, AbandonedHsmKeys& abandoned);
  void keep() { abandoned_ = nullptr; }

 private:
  std::string label_;
  HsmRemovalJob key_;
  AbandonedHsmKeys* abandoned_ = nullptr;
};

}  // namespace kagimori
