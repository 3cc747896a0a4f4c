#pragma once

#include <string>

#include "seal/epochs.h"
#include "seal/keyring.h"
#include "seal/rewrap_job.h"

namespace kagimori {

// The keyrings as they lie in a store, opened by the root key.
class StoredKeyrings final : public Keyrings {
 public:
  StoredKeyrings(Store& store, const Clock& clock, RandomSource& random, std::string store_id, RootGenerations roots,
                 const KeyringOptions& options)
      : store_id_(std::move(store_id)),
        epochs_(store, clock, random, std::move(roots), options),
        rewrap_(*this, epochs_, store, clock) {}

  const std::string& store_id() const override { return store_id_; }
  Status create_account(CryptoContext& crypto, std::string_view account, Batch& batch) override;
  Result<WrappedMaterial> wrap(CryptoContext& crypto, const MaterialBinding& binding, ByteView material) override;
  Result<SecretBytes> unwrap(CryptoContext& crypto, const MaterialBinding& binding,
                             const WrappedMaterial& wrapped) override;
  Result<Bytes> seal_record(CryptoContext& crypto, std::string_view account, Table table, ByteView key,
                            std::uint64_t revision, ByteView content) override;
  Result<ByteView> open_record(CryptoContext& crypto, std::string_view account, Table table,
                               const StoredRecord& record) override;
  Status start_due_epochs(CryptoContext& crypto) override { return epochs_.start_due(crypto); }
  Result<bool> rewrap_step(CryptoContext& crypto, std::size_t max_records) override {
    return rewrap_.step(crypto, max_records);
  }

 private:
  Result<SecretBytes> unwrap_under(CryptoContext& crypto, const Epoch& epoch, const MaterialBinding& binding,
                                   const WrappedMaterial& wrapped);

  const std::string store_id_;
  Epochs epochs_;
  RewrapJob rewrap_;
};

}  // namespace kagimori
