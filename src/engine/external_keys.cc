#include "engine/external_keys.h"

#include <fmt/format.h>

#include <array>

#include "engine/cryptographic.h"

#include "seal/external_ciphertext.h"

namespace kagimori {
namespace {

struct SideNames {
  std::string_view store, key;
};
constexpr std::array<SideNames, 3> kSideNames = {{
    {"customKeyStoreId", "xksKeyId"},
    {"sourceCustomKeyStoreId", "sourceXksKeyId"},
    {"destinationCustomKeyStoreId", "destinationXksKeyId"},
}};

}  // namespace

XksProxy ExternalUse::proxy() const {
  const CustomKeyStore& record = store->record;
  return {http, record.id, record.region, record.proxy, store->secret, clock->now()};
}

tl::unexpected<Error> ExternalUse::refused(XksFault fault) const {
  return fail(ErrorCode::kInvalidState,
              fmt::format("{} can't be used. The external key store proxy of custom key store {} {}", key->arn,
                          store->record.id, xks_fault_meaning(fault).sentence));
}

Status ExternalUse::check_size(ByteView canonical_context) const {
  if (canonical_context.size() > kMaxXksAdditionalData) {
    return fail(ErrorCode::kValidation,
                fmt::format("The encryption context is too large for a key in an external key store: {} bytes, and at "
                            "most {} are allowed.",
                            canonical_context.size(), kMaxXksAdditionalData));
  }
  if (std::chrono::steady_clock::now() > begin_by) return refused(XksFault::kTimedOut);
  return {};
}

Result<Bytes> ExternalUse::seal(CryptoContext& crypto, ByteView inner, ByteView canonical_context) const {
  TRY(check_size(canonical_context));
  auto sealed = proxy().encrypt(crypto, key->external->xks_key_id, metadata, inner, canonical_context);
  if (!sealed) return refused(sealed.error());
  return write_external_ciphertext(ciphertext_header(*key),
                                   {std::move(sealed->ciphertext), std::move(sealed->initialization_vector),
                                    std::move(sealed->authentication_tag), std::move(sealed->metadata)});
}

Result<Bytes> ExternalUse::open(CryptoContext& crypto, ByteView outer, ByteView canonical_context) const {
  TRY(check_size(canonical_context));
  TRY_ASSIGN(const ExternalParts parts, parse_external_ciphertext(outer));
  auto inner = proxy().decrypt(
      crypto, key->external->xks_key_id, metadata,
      {parts.ciphertext, parts.initialization_vector, parts.authentication_tag, parts.metadata}, canonical_context);
  if (!inner) return refused(inner.error());
  return *std::move(inner);
}

Result<std::shared_ptr<const ExternalUse>> external_use(Engine& engine, const Caller& caller, Trail& trail,
                                                        const CachedKey& key, ExternalSide side) {
  const KeySnapshot& snapshot = key.snapshot();
  if (!snapshot.external) return std::shared_ptr<const ExternalUse>();
  TRY_ASSIGN(auto store, key_store_of(key));
  const SideNames& names = kSideNames[static_cast<std::size_t>(side)];
  trail.additional(names.store, store->record.id).additional(names.key, snapshot.external->xks_key_id);
  if (store->record.state != ConnectionState::kConnected) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("{} can't be used. The connection state of custom key store {} is {}.", snapshot.arn,
                            store->record.id, connection_state_name(store->record.state)));
  }
  auto use = std::make_shared<ExternalUse>();
  use->key = key.entry->key;
  use->store = std::move(store);
  use->http = engine.outgoing();
  use->clock = &engine.clock();
  use->metadata = {caller.identity->arn, snapshot.arn, std::string(trail.operation()), caller.origin.request_id};
  // The destination of a ReEncrypt may have to wait for the source's proxy.
  use->begin_by = std::chrono::steady_clock::now() + kXksLimit * (side == ExternalSide::kDestination ? 2 : 1);
  return std::shared_ptr<const ExternalUse>(std::move(use));
}

}  // namespace kagimori
