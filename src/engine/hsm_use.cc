#include "engine/hsm_use.h"

#include <fmt/format.h>

#include "engine/cryptographic.h"
#include "engine/hsm_keys.h"
#include "seal/hsm_ciphertext.h"

namespace kagimori {

tl::unexpected<Error> HsmUse::refused(HsmFault fault) const {
  if (fault == HsmFault::kInvalidCiphertext) return fail(ErrorCode::kInvalidCiphertext);
  const Error reason = hsm_error(ErrorCode::kInvalidState, record(), fault);
  return fail(reason.code, fmt::format("{} can't be used. {}", snapshot().arn, reason.message));
}

Result<Bytes> HsmUse::seal(CryptoContext& /*crypto*/, RandomSource& /*random*/, ByteView plaintext,
                           ByteView canonical_context) const {
  if (hsm_ == nullptr) return refused(HsmFault::kUnknownCluster);
  const CiphertextHeader header = ciphertext_header(snapshot());
  TRY_ASSIGN(const Bytes key_id, hsm_key_id_bytes(snapshot().external->key_id));
  TRY_ASSIGN(const Bytes data, hsm_additional_data(header, canonical_context));
  const auto sealed = hsm_->encrypt(record().cluster_id, store()->secret, key_id, data, plaintext);
  if (!sealed) return refused(sealed.error());
  return write_hsm_ciphertext(header, *sealed);
}

Result<SecretBytes> HsmUse::open(CryptoContext& /*crypto*/, ByteView ciphertext, ByteView canonical_context) const {
  if (hsm_ == nullptr) return refused(HsmFault::kUnknownCluster);
  TRY_ASSIGN(const CiphertextHeader header, parse_ciphertext_header(ciphertext));
  TRY_ASSIGN(const ByteView sealed, parse_hsm_ciphertext(ciphertext));
  TRY_ASSIGN(const Bytes key_id, hsm_key_id_bytes(snapshot().external->key_id));
  TRY_ASSIGN(const Bytes data, hsm_additional_data(header, canonical_context));
  auto opened = hsm_->decrypt(record().cluster_id, store()->secret, key_id, data, sealed);
  if (!opened) return refused(opened.error());
  return *std::move(opened);
}

}  // namespace kagimori
