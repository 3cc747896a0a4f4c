#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/context.h"
#include "store/store.h"

namespace kagimori {

inline constexpr std::size_t kRootKeySize = 32;

// What is derived from one generation of the root key (docs/formats/keyring.md); the root key itself is not kept.
// Never changes once it is made; any thread.
class RootKeys {
 public:
  static Result<RootKeys> derive(CryptoContext& crypto, std::string_view store_id, std::uint32_t generation,
                                 const SecretBytes& root);

  std::uint32_t generation() const { return generation_; }
  // The value of kMeta that proves the right root key to have been opened.
  Bytes check_value(CryptoContext& crypto) const;

  // An epoch's key, bound to store, account, epoch and generation.
  Result<Bytes> wrap_epoch(CryptoContext& crypto, RandomSource& random, std::uint64_t account, std::uint32_t epoch,
                           const SecretBytes& key) const;
  Result<SecretBytes> unwrap_epoch(CryptoContext& crypto, std::uint64_t account, std::uint32_t epoch,
                                   ByteView wrapped) const;

  // The stored value of a record of kMeta, kEnvelopes or kEpochs: u8 format (1) | u32 generation | content | 32 MAC
  // (docs/formats/record.md).
  Bytes seal_record(CryptoContext& crypto, Table table, ByteView key, std::uint64_t revision, ByteView content) const;
  // The content; kCorrupt, naming table and primary key, unless this generation sealed the record.
  Result<ByteView> open_record(CryptoContext& crypto, Table table, const StoredRecord& record) const;

 private:
  RootKeys() = default;

  std::string store_id_;
  std::uint32_t generation_ = 0;
  SecretBytes epoch_key_;
  SecretBytes record_key_;
  SecretBytes check_key_;
};

// One generation, or two while a root rotation is under way. Never changes once it is made; any thread.
class RootGenerations {
 public:
  explicit RootGenerations(RootKeys only) { generations_.push_back(std::move(only)); }
  void add(RootKeys newer) { generations_.push_back(std::move(newer)); }

  // What new records are sealed with.
  const RootKeys& newest() const { return generations_.back(); }
  // Null for a generation that is not open.
  const RootKeys* find(std::uint32_t generation) const;
  // As RootKeys::open_record, with the generation that the record names.
  Result<ByteView> open_record(CryptoContext& crypto, Table table, const StoredRecord& record) const;

 private:
  std::vector<RootKeys> generations_;
};

// A record of kMeta, kEnvelopes or kEpochs before its MAC has been checked.
struct RootRecordView {
  std::uint32_t generation = 0;
  ByteView content;
};
// kCorrupt or kNewerSchema, naming table and primary key.
Result<RootRecordView> parse_root_record(Table table, const StoredRecord& record);

}  // namespace kagimori
