#include "crypto/key_der.h"

#include <algorithm>

#include "crypto/der.h"

namespace kagimori {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::uint8_t, 1> kZero = {0};
constexpr std::array<std::uint8_t, 1> kOne = {1};
constexpr std::size_t kRoomForTags = 128;  // what a structure of a key takes besides its fields

// The AlgorithmIdentifier of each kind, in the order of KeyPairSpec's numbers: an object identifier, and for RSA NULL
// (RFC 3279 section 2.3.1), for curves the identifier of the curve (RFC 5480 section 2.1.1; GM/T 0006), else nothing
// (RFC 8410 section 3; RFC 9881 section 2; RFC 9935 section 3).
constexpr std::string_view kRsaAlgorithm = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;
constexpr std::array<std::string_view, kAllKeyPairSpecs.size()> kAlgorithms = {
    kRsaAlgorithm,
    kRsaAlgorithm,
    kRsaAlgorithm,
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv,
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"sv,
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"sv,
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a"sv,
    "\x06\x03\x2b\x65\x70"sv,
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02"sv,
    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x03"sv,
};
constexpr std::size_t kSizeOfEcPublicKeyIdentifier = 9;  // before the identifier of the curve

ByteView algorithm(KeyPairSpec spec) { return as_bytes(kAlgorithms.at(static_cast<std::size_t>(spec) - 1)); }
ByteView curve(KeyPairSpec spec) { return algorithm(spec).subspan(kSizeOfEcPublicKeyIdentifier); }

bool same(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

tl::unexpected<Error> wrong(std::string detail) { return fail(ErrorCode::kCorrupt, std::move(detail)); }

Status expect_algorithm(der::Reader& reader, KeyPairSpec spec) {
  TRY_ASSIGN(const ByteView actual, reader.element(der::kSequence));
  if (!same(actual, algorithm(spec))) return wrong("it is a key of another kind");
  return {};
}

Status expect_version(der::Reader& reader, ByteView version) {
  TRY_ASSIGN(const ByteView actual, reader.unsigned_integer());
  if (!same(actual, version)) return wrong("its version is not one that is known");
  return {};
}

// RSAPrivateKey, RFC 8017 appendix A.1.2.
Status parse_rsa(ByteView der, KeyFields& fields) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader reader, outer.enter(der::kSequence));
  TRY(outer.expect_end());
  TRY(expect_version(reader, kZero));  // two primes
  for (const auto number : kRsaNumbers) {
    TRY_ASSIGN(fields.*number, reader.unsigned_integer());
  }
  return reader.expect_end();
}

// ECPrivateKey, RFC 5915 section 3.
Status parse_ec(KeyPairSpec spec, ByteView der, KeyFields& fields) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader reader, outer.enter(der::kSequence));
  TRY(outer.expect_end());
  TRY(expect_version(reader, kOne));
  TRY_ASSIGN(fields.secret, reader.element(der::kOctetString));
  if (reader.next_is(der::context_constructed(0))) {
    TRY_ASSIGN(const ByteView parameters, reader.element(der::context_constructed(0)));
    if (!same(parameters, curve(spec))) return wrong("it names two curves");
  }
  if (reader.next_is(der::context_constructed(1))) {
    TRY_ASSIGN(der::Reader public_key, reader.enter(der::context_constructed(1)));
    TRY_ASSIGN(fields.public_key, public_key.bit_string());
    TRY(public_key.expect_end());
  }
  return reader.expect_end();
}

// CurvePrivateKey, RFC 8410 section 7.
Status parse_ed25519(ByteView der, KeyFields& fields) {
  der::Reader reader(der);
  TRY_ASSIGN(fields.secret, reader.element(der::kOctetString));
  return reader.expect_end();
}

// ML-DSA-PrivateKey and ML-KEM-PrivateKey: RFC 9881 section 6, RFC 9935 section 6. A seed, an expanded key, or both.
Status parse_module_lattice(ByteView der, KeyFields& fields) {
  der::Reader reader(der);
  if (reader.next_is(der::context(0))) {
    TRY_ASSIGN(fields.secret, reader.element(der::context(0)));
  } else if (reader.next_is(der::kOctetString)) {
    TRY_ASSIGN(fields.expanded_key, reader.element(der::kOctetString));
  } else {
    TRY_ASSIGN(der::Reader both, reader.enter(der::kSequence));
    TRY_ASSIGN(fields.secret, both.element(der::kOctetString));
    TRY_ASSIGN(fields.expanded_key, both.element(der::kOctetString));
    TRY(both.expect_end());
  }
  return reader.expect_end();
}

Status parse_content(KeyPairSpec spec, ByteView der, KeyFields& fields) {
  switch (key_pair_info(spec).family) {
    case KeyPairFamily::kRsa:
      return parse_rsa(der, fields);
    case KeyPairFamily::kEc:
    case KeyPairFamily::kSm2:
      return parse_ec(spec, der, fields);
    case KeyPairFamily::kEd25519:
      return parse_ed25519(der, fields);
    case KeyPairFamily::kMlDsa:
    case KeyPairFamily::kMlKem:
      return parse_module_lattice(der, fields);
  }
  return wrong("it is a key of another kind");
}

// [0] attributes, which mean nothing to us, and in version 2 [1] the public key.
Status parse_rest_of_pkcs8(der::Reader& reader, bool is_version_2, KeyFields& fields) {
  if (reader.next_is(der::context_constructed(0))) TRY(reader.element(der::context_constructed(0)));
  if (is_version_2 && reader.next_is(der::context(1))) {
    TRY_ASSIGN(const ByteView content, reader.element(der::context(1)));
    if (content.size() < 2 || content.front() != 0) return wrong("it is not in DER");
    const ByteView public_key = content.subspan(1);
    if (!fields.public_key.empty() && !same(fields.public_key, public_key)) return wrong("it has two public keys");
    if (fields.modulus.empty()) fields.public_key = public_key;
  }
  return reader.expect_end();
}

void write_content(der::BackwardWriter& writer, KeyPairSpec spec, const KeyFields& fields) {
  const KeyPairInfo& info = key_pair_info(spec);
  const std::size_t end = writer.mark();
  if (info.family == KeyPairFamily::kRsa) {
    for (std::size_t i = kRsaNumbers.size(); i-- > 0;) writer.unsigned_integer(fields.*kRsaNumbers.at(i));
    writer.unsigned_integer(kZero);
    writer.wrap(der::kSequence, end);
  } else if (info.field != 0) {
    writer.raw(fields.public_key);
    writer.wrap_bit_string(end);
    writer.wrap(der::context_constructed(1), end);
    writer.element(der::kOctetString, fields.secret);
    writer.unsigned_integer(kOne);
    writer.wrap(der::kSequence, end);
  } else if (info.family == KeyPairFamily::kEd25519) {
    writer.element(der::kOctetString, fields.secret);
  } else if (!fields.secret.empty()) {
    writer.element(der::context(0), fields.secret);
  } else {
    writer.element(der::kOctetString, fields.expanded_key);
  }
}

std::size_t room_for(const KeyFields& fields) {
  std::size_t size = kRoomForTags + fields.secret.size() + fields.expanded_key.size() + fields.public_key.size();
  for (const auto number : kRsaNumbers) size += (fields.*number).size();
  return size;
}

}  // namespace

Result<KeyFields> parse_pkcs8(KeyPairSpec spec, ByteView der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader reader, outer.enter(der::kSequence));
  TRY(outer.expect_end());
  TRY_ASSIGN(const ByteView version, reader.unsigned_integer());
  const bool is_version_2 = same(version, kOne);
  if (!is_version_2 && !same(version, kZero)) return wrong("its version is not one that is known");
  TRY(expect_algorithm(reader, spec));
  TRY_ASSIGN(const ByteView content, reader.element(der::kOctetString));
  KeyFields fields;
  TRY(parse_content(spec, content, fields));
  TRY(parse_rest_of_pkcs8(reader, is_version_2, fields));
  TRY(check_fields(spec, KeyHalf::kPrivate, fields));
  return fields;
}

SecretBytes write_pkcs8(KeyPairSpec spec, const KeyFields& fields) {
  der::BackwardWriter writer(room_for(fields));
  const std::size_t end = writer.mark();
  write_content(writer, spec, fields);
  writer.wrap(der::kOctetString, end);
  writer.element(der::kSequence, algorithm(spec));
  writer.unsigned_integer(kZero);
  writer.wrap(der::kSequence, end);
  return SecretBytes::copy_of(writer.written());
}

Result<KeyFields> parse_spki(KeyPairSpec spec, ByteView der) {
  der::Reader outer(der);
  TRY_ASSIGN(der::Reader reader, outer.enter(der::kSequence));
  TRY(outer.expect_end());
  TRY(expect_algorithm(reader, spec));
  TRY_ASSIGN(const ByteView content, reader.bit_string());
  TRY(reader.expect_end());
  KeyFields fields;
  if (key_pair_info(spec).family == KeyPairFamily::kRsa) {
    der::Reader rsa_outer(content);
    TRY_ASSIGN(der::Reader rsa, rsa_outer.enter(der::kSequence));
    TRY(rsa_outer.expect_end());
    TRY_ASSIGN(fields.modulus, rsa.unsigned_integer());
    TRY_ASSIGN(fields.public_exponent, rsa.unsigned_integer());
    TRY(rsa.expect_end());
  } else {
    fields.public_key = content;
  }
  TRY(check_fields(spec, KeyHalf::kPublic, fields));
  return fields;
}

Bytes write_spki(KeyPairSpec spec, const KeyFields& fields) {
  der::BackwardWriter writer(room_for(fields));
  const std::size_t end = writer.mark();
  if (key_pair_info(spec).family == KeyPairFamily::kRsa) {
    writer.unsigned_integer(fields.public_exponent);
    writer.unsigned_integer(fields.modulus);
    writer.wrap(der::kSequence, end);
  } else {
    writer.raw(fields.public_key);
  }
  writer.wrap_bit_string(end);
  writer.element(der::kSequence, algorithm(spec));
  writer.wrap(der::kSequence, end);
  return to_bytes(writer.written());
}

}  // namespace kagimori
