#pragma once

#include <optional>
#include <vector>

#include "crypto/context.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

template <typename T>
struct Loaded {
  T record;
  Bytes key;
  std::uint64_t revision = 0;
};

// Every type that a table's content is read as. Bytes: as it is; RowId: the row that a name leads to.
#define KAGIMORI_RECORD_TYPES(X) \
  X(Key)                         \
  X(KeyVersion)                  \
  X(KeyObject)                   \
  X(KeyPolicy)                   \
  X(KeyLastUsage)                \
  X(KeyUseCount)                 \
  X(UsageLimit)                  \
  X(UsageReservation)            \
  X(Transition)                  \
  X(Tombstone)                   \
  X(Alias)                       \
  X(Grant)                       \
  X(CustomKeyStore)              \
  X(Account)                     \
  X(User)                        \
  X(UserPolicy)                  \
  X(AccessKey)                   \
  X(Role)                        \
  X(Group) X(ManagedPolicy) X(ManagedPolicyVersion) X(Session) X(AccessKeyUse) X(RowId) X(Bytes)

// Reads typed records out of one read transaction: every record's MAC is checked before its content is believed.
// Lives on the stack of one thread; what it refers to must outlive it. Its templates are compiled once, in records.cc.
class RecordReader {
 public:
  RecordReader(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& transaction)
      : crypto_(crypto), keyrings_(keyrings), transaction_(transaction) {}

  CryptoContext& crypto() { return crypto_; }
  Keyrings& keyrings() { return keyrings_; }
  ReadTransaction& transaction() { return transaction_; }

  template <typename T>
  Result<std::optional<Loaded<T>>> get(std::string_view account, Table table, ByteView key);
  template <typename T>
  Result<std::vector<Loaded<T>>> scan(std::string_view account, Table table, ByteView prefix, ByteView after,
                                      std::size_t limit);
  // Every record whose key starts with `prefix`, page by page.
  template <typename T>
  Result<std::vector<Loaded<T>>> scan_all(std::string_view account, Table table, ByteView prefix);

 private:
  template <typename T>
  Result<Loaded<T>> open(std::string_view account, Table table, const StoredRecord& stored);

  CryptoContext& crypto_;
  Keyrings& keyrings_;
  ReadTransaction& transaction_;
};

}  // namespace kagimori
