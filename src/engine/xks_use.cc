#include "engine/xks_use.h"

#include <fmt/format.h>

#include "engine/cryptographic.h"
#include "seal/external_ciphertext.h"

namespace kagimori {

XksProxy XksUse::proxy() const {
  return {http_, record().id, record().region, record().proxy, store()->secret, clock_.now()};
}

tl::unexpected<Error> XksUse::refused(XksFault fault) const {
  return fail(ErrorCode::kInvalidState,
              fmt::format("{} can't be used. The external key store proxy of custom key store {} {}", snapshot().arn,
                          record().id, xks_fault_meaning(fault).sentence));
}

Status XksUse::check_size(ByteView canonical_context) const {
  if (canonical_context.size() > kMaxXksAdditionalData) {
    return fail(ErrorCode::kValidation,
                fmt::format("The encryption context is too large for a key in an external key store: {} bytes, and at "
                            "most {} are allowed.",
                            canonical_context.size(), kMaxXksAdditionalData));
  }
  if (std::chrono::steady_clock::now() > begin_by_) return refused(XksFault::kTimedOut);
  return {};
}

Result<Bytes> XksUse::seal(CryptoContext& crypto, RandomSource& random, ByteView plaintext,
                           ByteView canonical_context) const {
  TRY(check_size(canonical_context));
  const CiphertextHeader header = ciphertext_header(snapshot());
  TRY_ASSIGN(MessageKey with, MessageKey::create(crypto, snapshot().primary().material.expose()));
  Bytes inner;
  TRY(with.seal(crypto, random, header, canonical_context, plaintext, inner));
  auto sealed = proxy().encrypt(crypto, snapshot().external->key_id, metadata_, inner, canonical_context);
  if (!sealed) return refused(sealed.error());
  return write_external_ciphertext(header, {std::move(sealed->ciphertext), std::move(sealed->initialization_vector),
                                            std::move(sealed->authentication_tag), std::move(sealed->metadata)});
}

Result<SecretBytes> XksUse::open(CryptoContext& crypto, ByteView ciphertext, ByteView canonical_context) const {
  TRY(check_size(canonical_context));
  TRY_ASSIGN(const CiphertextHeader outer, parse_ciphertext_header(ciphertext));
  TRY_ASSIGN(const ExternalParts parts, parse_external_ciphertext(ciphertext));
  const auto inner = proxy().decrypt(
      crypto, snapshot().external->key_id, metadata_,
      {parts.ciphertext, parts.initialization_vector, parts.authentication_tag, parts.metadata}, canonical_context);
  if (!inner) return refused(inner.error());
  // The external key may hold ciphertexts of other KMS keys and versions.
  const auto header = parse_ciphertext_header(*inner);
  const VersionSnapshot* const version = snapshot().version(outer.version);
  if (!header || header->key_id != snapshot().key.key_id || header->account != snapshot().key.account ||
      header->version != outer.version || version == nullptr) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  TRY_ASSIGN(MessageKey opens, MessageKey::create(crypto, version->material.expose()));
  return opens.open(crypto, canonical_context, *inner);
}

}  // namespace kagimori
