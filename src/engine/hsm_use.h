#pragma once

#include "base/hsm.h"
#include "engine/external_keys.h"

namespace kagimori {

// Of a key in an HSM: ciphertexts of suite 3.
class HsmUse final : public ExternalUse {
 public:
  // `hsm` is null where no cluster can be reached.
  HsmUse(std::shared_ptr<const KeySnapshot> key, std::shared_ptr<const KeyStoreSnapshot> store, HsmClusters* hsm)
      : ExternalUse(std::move(key), std::move(store)), hsm_(hsm) {}

  Result<Bytes> seal(CryptoContext& crypto, RandomSource& random, ByteView plaintext,
                     ByteView canonical_context) const override;
  Result<SecretBytes> open(CryptoContext& crypto, ByteView ciphertext, ByteView canonical_context) const override;

 private:
  tl::unexpected<Error> refused(HsmFault fault) const;

  HsmClusters* const hsm_;
};

}  // namespace kagimori
