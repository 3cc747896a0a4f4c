#include "seal/sealed_batch.h"

namespace kagimori {

Status SealedBatch::put(std::string_view account, Table table, Bytes key, std::uint64_t read_revision,
                        ByteView content) {
  TRY_ASSIGN(Bytes value, keyrings_.seal_record(crypto_, account, table, key, new_revision_, content));
  expect(table, key, read_revision);
  batch_.writes.push_back({table, std::move(key), new_revision_, std::move(value)});
  return {};
}

void SealedBatch::remove(Table table, Bytes key, std::uint64_t read_revision) {
  expect(table, key, read_revision);
  batch_.writes.push_back({table, std::move(key), new_revision_, std::nullopt});
}

void SealedBatch::expect(Table table, Bytes key, std::uint64_t read_revision) {
  batch_.expectations.push_back({table, std::move(key), read_revision});
}

}  // namespace kagimori
