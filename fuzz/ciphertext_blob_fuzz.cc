// A ciphertext blob from outside: whatever it is, it is parsed or refused without a reason. What parses names a key
// that a ciphertext can be made for, and whatever opens is what the same key seals.
#include <cstdlib>

#include "crypto/random.h"
#include "seal/ciphertext.h"
#include "seal/external_ciphertext.h"
#include "seal/hsm_ciphertext.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

struct Fixture {
  std::unique_ptr<CryptoContext> crypto = *CryptoContext::create();
  OpensslRandom random{*crypto};
  // The key of src/seal/testdata/ciphertext*.v1.hex, so that the corpus holds blobs that open.
  MessageKey key = *MessageKey::create(*crypto, as_bytes("0123456789abcdef0123456789abcdef"));
};

Bytes golden_context() {
  std::vector<ContextPair> pairs = {{"purpose", "golden"}, {"department", "10314"}};
  Bytes context;
  canonical_encryption_context(pairs, context);
  return context;
}

// Another message under the header's names begins with the same bytes, up to the nonce.
void check_derived(Fixture& fixture, const CiphertextHeader& header, ByteView context, ByteView blob) {
  Bytes again;
  check(fixture.key.seal(*fixture.crypto, fixture.random, header, context, as_bytes("x"), again).has_value());
  check(std::equal(again.begin(), again.begin() + kCiphertextPrefixSize, blob.begin()));
  check(fixture.key.open(*fixture.crypto, context, again).has_value());
}

// What parses is written again as it was.
void check_external(const CiphertextHeader& header, ByteView blob) {
  const auto parts = parse_external_ciphertext(blob);
  if (!parts) return check(parts.error().code == ErrorCode::kInvalidCiphertext && parts.error().message.empty());
  check(write_external_ciphertext(header, *parts).value() == to_bytes(blob));
}

void check_hsm(const CiphertextHeader& header, ByteView blob) {
  const auto sealed = parse_hsm_ciphertext(blob);
  if (!sealed) return check(sealed.error().code == ErrorCode::kInvalidCiphertext && sealed.error().message.empty());
  check(write_hsm_ciphertext(header, *sealed).value() == to_bytes(blob));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture* const fixture = new Fixture;
  static const Bytes* const context = new Bytes(golden_context());
  CryptoContext& crypto = *fixture->crypto;
  const ByteView blob(data, size);
  const auto header = parse_ciphertext_header(blob);
  if (!header) {
    check(header.error().code == ErrorCode::kInvalidCiphertext && header.error().message.empty());
  } else if (header->suite == kSuiteExternal) {
    check_external(*header, blob);
  } else if (header->suite == kSuiteHsm) {
    check_hsm(*header, blob);
  } else {
    check_derived(*fixture, *header, *context, blob);
  }
  for (const ByteView aad : {ByteView(), ByteView(*context)}) {
    const auto plaintext = fixture->key.open(crypto, aad, blob);
    if (plaintext) check(header.has_value() && plaintext->size() + kCiphertextOverhead == size);
    if (!plaintext) check(plaintext.error().code == ErrorCode::kInvalidCiphertext);
  }
  return 0;
}
