#include "seal/record_error.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace kagimori {

Error corrupt_record(Table table, ByteView key, std::string_view what) {
  return {ErrorCode::kCorrupt,
          fmt::format("The record {} of table {} is damaged or forged: {} Restore it from a backup.", hex_encode(key),
                      table_name(table), what)};
}

Error newer_record(Table table, ByteView key) {
  return {ErrorCode::kNewerSchema,
          fmt::format("The record {} of table {} was written by a later release of Kagimori. Use that release.",
                      hex_encode(key), table_name(table))};
}

Error in_record(Table table, ByteView key, const Error& error) {
  if (error.code == ErrorCode::kNewerSchema) return newer_record(table, key);
  if (error.code == ErrorCode::kCorrupt) return corrupt_record(table, key, error.message);
  return error;
}

}  // namespace kagimori
