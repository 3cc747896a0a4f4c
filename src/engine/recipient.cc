#include "engine/recipient.h"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.h"
#include "base/log.h"
#include "crypto/attestation.h"
#include "crypto/digest.h"
#include "engine/cache_key.h"
#include "engine/engine.h"
#include "protocol/attestation_document.h"

namespace kagimori {
namespace {

std::map<std::uint64_t, std::string> in_hex(const std::map<std::uint64_t, ByteView>& registers) {
  std::map<std::uint64_t, std::string> texts;
  for (const auto& [index, value] : registers) texts.emplace(index, hex_encode(value));
  return texts;
}

std::string_view register_of(const std::map<std::uint64_t, std::string>& registers, std::string_view number) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (error != std::errc() || end != number.data() + number.size()) return {};
  const auto found = registers.find(index);
  return found == registers.end() ? std::string_view() : std::string_view(found->second);
}

// A document of the future is as wrong as an old one: some clock is.
Status check_fresh(const AttestedRecipient& recipient, const AttestationSettings& settings, Timestamp now) {
  const std::int64_t age = now.seconds() - recipient.made.seconds();
  if (age > settings.max_age_seconds || age < -settings.max_age_seconds || now > recipient.certificate_ends) {
    return fail(ErrorCode::kValidation,
                fmt::format("The attestation document is not valid: it is of {}, and it may be {} seconds old.",
                            to_iso8601(recipient.made), settings.max_age_seconds));
  }
  return {};
}

void put_on_trail(Trail& trail, const AttestedRecipient& recipient) {
  std::string json = "{\"attestationDocumentModuleId\":";
  append_json_string(json, recipient.module_id);
  const auto add = [&json](const std::string& name, std::string_view value) {
    json += fmt::format(",\"{}\":", name);
    append_json_string(json, value);
  };
  for (const auto& [index, value] : recipient.pcrs) {
    add(index == 0 ? "attestationDocumentEnclaveImageDigest" : fmt::format("attestationDocumentEnclavePCR{}", index),
        value);
  }
  for (const auto& [index, value] : recipient.nitro_tpm_pcrs) {
    add(fmt::format("attestationDocumentNitroTPMPCR{}", index), value);
  }
  trail.additional_json("recipient", json + "}");
}

}  // namespace

Result<Bytes> AttestedRecipient::envelope(CryptoContext& crypto, ByteView plaintext) const {
  return envelope_for_recipient(crypto, public_key, plaintext);
}

std::string_view AttestedRecipient::condition_value(std::string_view name) const {
  constexpr std::string_view kPcr = "pcr";
  constexpr std::string_view kNitroTpmPcr = "nitrotpmpcr";
  if (name == "imagesha384") return register_of(pcrs, "0");
  if (name.starts_with(kPcr)) return register_of(pcrs, name.substr(kPcr.size()));
  if (name.starts_with(kNitroTpmPcr)) return register_of(nitro_tpm_pcrs, name.substr(kNitroTpmPcr.size()));
  return {};
}

Result<std::shared_ptr<const AttestedRecipient>> verify_attestation(CryptoContext& crypto,
                                                                    const AttestationSettings& settings, Timestamp now,
                                                                    ByteView document) {
  TRY_ASSIGN(const AttestationDocument read, parse_attestation_document(document));
  const Bytes signed_bytes = attestation_signed_bytes(read);
  auto recipient = std::make_shared<AttestedRecipient>();
  TRY_ASSIGN(recipient->certificate_ends,
             verify_attestation_signature(crypto, settings.trust_roots, now,
                                          {read.certificate, read.ca_bundle, signed_bytes, read.signature}));
  recipient->module_id = read.module_id;
  recipient->made = Timestamp::from_seconds(read.timestamp_ms / 1000);
  recipient->pcrs = in_hex(read.pcrs);
  recipient->nitro_tpm_pcrs = in_hex(read.nitro_tpm_pcrs);
  recipient->public_key = to_bytes(read.public_key);
  TRY(check_fresh(*recipient, settings, now));
  TRY(check_recipient_key(crypto, recipient->public_key));
  return recipient;
}

Result<std::shared_ptr<const AttestedRecipient>> attested_recipient(Engine& engine, EngineWorker& worker,
                                                                    const Caller& caller, Trail& trail,
                                                                    ByteView document) {
  const AttestationSettings& settings = engine.settings().attestation;
  if (settings.trust_roots.empty()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "Recipient is not supported by this server: no trust root is configured (attestation.trust_roots).");
  }
  const std::string item = cache_key::attestation(sha256(*worker.crypto, document));
  const CacheEntry* const known = worker.cache.find(item);
  if (known == nullptr) {
    // A request that was refused before its fill began leaves its document here.
    worker.documents.clear();
    worker.documents[item] = to_bytes(document);
  }
  TRY_ASSIGN(const CacheEntry* const entry, worker.need(item));
  if (entry->recipient == nullptr) return fail(ErrorCode::kValidation, entry->recipient_fault);
  auto recipient = entry->recipient;
  TRY(check_fresh(*recipient, settings, caller.time));
  put_on_trail(trail, *recipient);
  return recipient;
}

}  // namespace kagimori
