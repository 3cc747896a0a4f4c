// An attestation document from outside: whatever it is, it is parsed or refused with a sentence, and what parses has
// the parts that its signature covers.
#include <cstdlib>

#include "protocol/attestation_document.h"
#include "protocol/cbor.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

// The text that is signed holds header and payload as they came.
void check_signed_bytes(const AttestationDocument& document) {
  const Bytes bytes = attestation_signed_bytes(document);
  CborReader in(bytes);
  check(*in.array() == 4 && *in.text() == "Signature1");
  check(to_bytes(*in.byte_string()) == to_bytes(document.protected_header));
  check(in.byte_string()->empty());
  check(to_bytes(*in.byte_string()) == to_bytes(document.payload));
  check(in.expect_end().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_attestation_document({data, size});
  if (!document) {
    check(document.error().code == ErrorCode::kValidation && !document.error().message.empty());
    return 0;
  }
  check(document->signature.size() == 96 && !document->module_id.empty() && !document->ca_bundle.empty());
  check_signed_bytes(*document);
  return 0;
}
