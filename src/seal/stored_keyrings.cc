#include "seal/stored_keyrings.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "seal/account_number.h"
#include "seal/record_error.h"
#include "seal/record_value.h"
#include "seal/sealed_box.h"

namespace kagimori {
namespace {

constexpr std::string_view kMaterialLabel = "kagimori material 1";

Result<std::uint64_t> number_of(std::string_view account) {
  const std::optional<std::uint64_t> number = account_number(account);
  if (!number) return fail(ErrorCode::kInternal, fmt::format("The account '{}' is not 12 digits.", account));
  return *number;
}

}  // namespace

Status StoredKeyrings::create_account(CryptoContext& crypto, std::string_view account, Batch& batch) {
  TRY_ASSIGN(const std::uint64_t number, number_of(account));
  return epochs_.create_first(crypto, number, batch);
}

Result<WrappedMaterial> StoredKeyrings::wrap(CryptoContext& crypto, const MaterialBinding& binding, ByteView material) {
  TRY_ASSIGN(const std::uint64_t account, number_of(binding.account));
  TRY_ASSIGN(const std::shared_ptr<Epoch> epoch, epochs_.current(crypto, account));
  TRY(epochs_.count_use(crypto, *epoch));
  const std::uint32_t number = epoch->name().number;
  TRY_ASSIGN(Bytes blob, seal_box(crypto, epochs_.random(), epoch->wrapping_key(), kMaterialLabel,
                                  material_aad(store_id_, binding, number), material));
  return WrappedMaterial{number, std::move(blob)};
}

Result<SecretBytes> StoredKeyrings::unwrap(CryptoContext& crypto, const MaterialBinding& binding,
                                           const WrappedMaterial& wrapped) {
  TRY_ASSIGN(const std::uint64_t account, number_of(binding.account));
  const Result<std::shared_ptr<Epoch>> epoch = epochs_.find(crypto, {account, wrapped.epoch});
  if (epoch) return unwrap_under(crypto, **epoch, binding, wrapped);
  if (epoch.error().code != ErrorCode::kNotFound) return fail(epoch.error());
  TRY_ASSIGN(const std::shared_ptr<Epoch> current, epochs_.current(crypto, account));
  const bool was_deleted = wrapped.epoch < current->name().number && wrapped.epoch > 0;
  return fail(was_deleted ? ErrorCode::kStale : ErrorCode::kCorrupt, epoch.error().message);
}

Result<SecretBytes> StoredKeyrings::unwrap_under(CryptoContext& crypto, const Epoch& epoch,
                                                 const MaterialBinding& binding, const WrappedMaterial& wrapped) {
  Result<SecretBytes> material = open_box(crypto, epoch.wrapping_key(), kMaterialLabel,
                                          material_aad(store_id_, binding, wrapped.epoch), wrapped.blob);
  if (material) return material;
  return fail(material.error().code, fmt::format("The wrapped material of {} (version {}) can't be opened: {}",
                                                 binding.object_id, binding.version, material.error().message));
}

Result<Bytes> StoredKeyrings::seal_record(CryptoContext& crypto, std::string_view account, Table table, ByteView key,
                                          std::uint64_t revision, ByteView content) {
  TRY_ASSIGN(const std::uint64_t number, number_of(account));
  TRY_ASSIGN(const std::shared_ptr<Epoch> epoch, epochs_.current(crypto, number));
  return seal_record_value(crypto, *epoch, table, key, revision, content);
}

Result<ByteView> StoredKeyrings::open_record(CryptoContext& crypto, std::string_view account, Table table,
                                             const StoredRecord& record) {
  TRY_ASSIGN(const std::uint64_t number, number_of(account));
  TRY_ASSIGN(const RecordView view, parse_record_value(table, record));
  if (view.epoch.account != number) {
    return fail(
        corrupt_record(table, record.key,
                       fmt::format("it belongs to account {}, not to {}.", account_text(view.epoch.account), account)));
  }
  const Result<std::shared_ptr<Epoch>> epoch = epochs_.find(crypto, view.epoch);
  if (!epoch) {
    if (epoch.error().code != ErrorCode::kNotFound) return fail(epoch.error());
    return fail(corrupt_record(table, record.key, epoch.error().message));
  }
  if (!verify_record_value(crypto, **epoch, table, record, view.content)) {
    return fail(corrupt_record(table, record.key, "its MAC does not match."));
  }
  return view.content;
}

Result<std::string> account_of_record(Table table, const StoredRecord& record) {
  TRY_ASSIGN(const RecordView view, parse_record_value(table, record));
  return account_text(view.epoch.account);
}

}  // namespace kagimori
