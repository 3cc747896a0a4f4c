#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
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

// Reads typed records out of one read transaction: every record's MAC is checked before its content is believed.
// Lives on the stack of one thread; what it refers to must outlive it.
class RecordReader {
 public:
  RecordReader(CryptoContext& crypto, Keyrings& keyrings, ReadTransaction& transaction)
      : crypto_(crypto), keyrings_(keyrings), transaction_(transaction) {}

  CryptoContext& crypto() { return crypto_; }
  Keyrings& keyrings() { return keyrings_; }
  ReadTransaction& transaction() { return transaction_; }

  template <typename T>
  Result<std::optional<Loaded<T>>> get(std::string_view account, Table table, ByteView key) {
    TRY_ASSIGN(std::optional<StoredRecord> stored, transaction_.get(table, key));
    if (!stored) return std::optional<Loaded<T>>{};
    TRY_ASSIGN(Loaded<T> loaded, open<T>(account, table, *stored));
    return std::optional(std::move(loaded));
  }

  template <typename T>
  Result<std::vector<Loaded<T>>> scan(std::string_view account, Table table, ByteView prefix, ByteView after,
                                      std::size_t limit) {
    TRY_ASSIGN(const std::vector<StoredRecord> stored, transaction_.scan(table, prefix, after, limit));
    std::vector<Loaded<T>> all;
    all.reserve(stored.size());
    for (const StoredRecord& record : stored) {
      TRY_ASSIGN(Loaded<T> loaded, open<T>(account, table, record));
      all.push_back(std::move(loaded));
    }
    return all;
  }

  // Every record whose key starts with `prefix`, page by page.
  template <typename T>
  Result<std::vector<Loaded<T>>> scan_all(std::string_view account, Table table, ByteView prefix) {
    std::vector<Loaded<T>> all;
    for (;;) {
      const std::size_t before = all.size();
      const Bytes after = all.empty() ? Bytes() : all.back().key;
      TRY_ASSIGN(auto page, scan<T>(account, table, prefix, after, kScanPage));
      std::move(page.begin(), page.end(), std::back_inserter(all));
      if (all.size() - before < kScanPage) return all;
    }
  }

 private:
  static constexpr std::size_t kScanPage = 512;

  template <typename T>
  Result<Loaded<T>> open(std::string_view account, Table table, const StoredRecord& stored) {
    TRY_ASSIGN(const ByteView content, keyrings_.open_record(crypto_, account, table, stored));
    if constexpr (std::is_same_v<T, RowId>) {
      TRY_ASSIGN(RowId row, decode_row(content));
      return Loaded<T>{row, stored.key, stored.revision};
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return Loaded<T>{to_bytes(content), stored.key, stored.revision};
    } else {
      TRY_ASSIGN(T record, decode<T>(content));
      return Loaded<T>{std::move(record), stored.key, stored.revision};
    }
  }

  CryptoContext& crypto_;
  Keyrings& keyrings_;
  ReadTransaction& transaction_;
};

}  // namespace kagimori
