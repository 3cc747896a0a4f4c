#include "engine/records.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace kagimori {
namespace {

constexpr std::size_t kScanPage = 512;

}  // namespace

template <typename T>
Result<Loaded<T>> RecordReader::open(std::string_view account, Table table, const StoredRecord& stored) {
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

template <typename T>
Result<std::optional<Loaded<T>>> RecordReader::get(std::string_view account, Table table, ByteView key) {
  TRY_ASSIGN(std::optional<StoredRecord> stored, transaction_.get(table, key));
  if (!stored) return std::optional<Loaded<T>>{};
  TRY_ASSIGN(Loaded<T> loaded, open<T>(account, table, *stored));
  return std::optional(std::move(loaded));
}

template <typename T>
Result<std::vector<Loaded<T>>> RecordReader::scan(std::string_view account, Table table, ByteView prefix,
                                                  ByteView after, std::size_t limit) {
  TRY_ASSIGN(const std::vector<StoredRecord> stored, transaction_.scan(table, prefix, after, limit));
  std::vector<Loaded<T>> all;
  all.reserve(stored.size());
  for (const StoredRecord& record : stored) {
    TRY_ASSIGN(Loaded<T> loaded, open<T>(account, table, record));
    all.push_back(std::move(loaded));
  }
  return all;
}

template <typename T>
Result<std::vector<Loaded<T>>> RecordReader::scan_all(std::string_view account, Table table, ByteView prefix) {
  std::vector<Loaded<T>> all;
  for (;;) {
    const std::size_t before = all.size();
    const Bytes after = all.empty() ? Bytes() : all.back().key;
    TRY_ASSIGN(auto page, scan<T>(account, table, prefix, after, kScanPage));
    std::move(page.begin(), page.end(), std::back_inserter(all));
    if (all.size() - before < kScanPage) return all;
  }
}

#define KAGIMORI_READER_OF(T)                                                                                \
  template Result<std::optional<Loaded<T>>> RecordReader::get<T>(std::string_view, Table, ByteView);         \
  template Result<std::vector<Loaded<T>>> RecordReader::scan<T>(std::string_view, Table, ByteView, ByteView, \
                                                                std::size_t);                                \
  template Result<std::vector<Loaded<T>>> RecordReader::scan_all<T>(std::string_view, Table, ByteView);
KAGIMORI_RECORD_TYPES(KAGIMORI_READER_OF)
#undef KAGIMORI_READER_OF

}  // namespace kagimori
