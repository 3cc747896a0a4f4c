#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kagimori {

// The attestation document of an AWS Nitro enclave or a machine with a NitroTPM: what it measures itself to be, signed
// by the platform (AWS Nitro Enclaves user guide, "Verifying the root of trust", "Attestation document specification").
// A COSE_Sign1 message (RFC 9052 section 4.2) with ES384 over a CBOR map. Views point into the document.
struct AttestationDocument {
  // The message: what is signed is attestation_signed_bytes().
  ByteView protected_header, payload, signature;

  std::string_view module_id;
  std::int64_t timestamp_ms = 0;  // since 1970
  std::map<std::uint64_t, ByteView> pcrs, nitro_tpm_pcrs;
  ByteView certificate;             // X.509 in DER, whose key signed
  std::vector<ByteView> ca_bundle;  // the certificates above it, the root first
  ByteView public_key;              // SubjectPublicKeyInfo in DER; empty: none
};

// kValidation with a sentence for whatever is no such document. Nothing is verified yet.
Result<AttestationDocument> parse_attestation_document(ByteView document);

// Sig_structure of RFC 9052 section 4.4 for a COSE_Sign1 message without external data.
Bytes attestation_signed_bytes(const AttestationDocument& document);

}  // namespace kagimori
