#include "engine/new_key.h"

#include <fmt/format.h>

namespace kagimori {

Status check_key_quota(Transaction& transaction, std::string_view region) {
  TRY_ASSIGN(const std::size_t count,
             transaction.key_counter().count(transaction.reader(), transaction.account(), region));
  if (count < transaction.settings().quotas.keys_per_account) return {};
  return fail(ErrorCode::kLimitExceeded,
              fmt::format("The account has {} keys, as many as the quota keys_per_account allows.", count));
}

Status enter_key(Transaction& transaction, const Key& key) {
  TRY(transaction.put_new(key.account, Table::kKeyIds, record_key::key_id(key.account, key.region, key.key_id),
                          encode_row(key.row)));
  TRY(transaction.save_new_key(key));
  transaction.on_commit([&counter = transaction.key_counter(), account = key.account, region = key.region] {
    counter.add(account, region, 1);
  });
  return {};
}

}  // namespace kagimori
