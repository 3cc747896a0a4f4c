#include "protocol/attestation_document.h"

#include <fmt/format.h>

#include <set>

#include "protocol/cbor.h"

namespace kagimori {
namespace {

constexpr std::uint64_t kCoseSign1Tag = 18;
constexpr std::int64_t kAlgorithmLabel = 1;  // of a COSE header
constexpr std::int64_t kCriticalLabel = 2;
constexpr std::int64_t kEs384 = -35;
constexpr std::size_t kSignatureSize = 96;
constexpr std::size_t kMaxCertificates = 16;
constexpr std::size_t kMaxCertificate = 4'096;  // bytes; AWS's own bound is 1024
constexpr std::size_t kMaxPublicKey = 1'024;
constexpr std::size_t kMaxModuleId = 256;
constexpr std::uint64_t kEnclavePcrs = 32;
constexpr std::uint64_t kTpmPcrs = 24;
constexpr std::int64_t kMaxTimestampMs = 253'402'300'799'999;  // the end of the year 9999

tl::unexpected<Error> invalid(std::string_view why) {
  return fail(ErrorCode::kValidation, fmt::format("The attestation document is not valid: {}", why));
}

Status read_header(ByteView bytes) {
  CborReader in(bytes);
  TRY_ASSIGN(const std::size_t pairs, in.map());
  bool is_es384 = false;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY_ASSIGN(const std::int64_t label, in.integer());
    // What the signer calls critical must be understood, and none of it is (RFC 9052 section 3.1).
    if (label == kCriticalLabel || !seen.insert(label).second) return invalid("its header is not one of this kind.");
    if (label == kAlgorithmLabel) {
      TRY_ASSIGN(const std::int64_t algorithm, in.integer());
      is_es384 = algorithm == kEs384;
    } else {
      TRY(in.skip());
    }
  }
  TRY(in.expect_end());
  if (!is_es384) return invalid("it is not signed with ES384.");
  return {};
}

Status read_pcrs(CborReader& in, std::uint64_t limit, std::map<std::uint64_t, ByteView>& pcrs) {
  TRY_ASSIGN(const std::size_t count, in.map());
  if (count == 0) return invalid("its platform configuration registers are empty.");
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::uint64_t index, in.unsigned_integer());
    TRY_ASSIGN(const ByteView value, in.byte_string());
    const bool is_digest = value.size() == 32 || value.size() == 48 || value.size() == 64;
    if (index >= limit || !is_digest || !pcrs.emplace(index, value).second) {
      return invalid("its platform configuration registers are not what such a platform has.");
    }
  }
  return {};
}

Status read_bundle(CborReader& in, std::vector<ByteView>& bundle) {
  TRY_ASSIGN(const std::size_t count, in.array());
  if (count == 0 || count > kMaxCertificates) return invalid("its certificates are too many, or none.");
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const ByteView certificate, in.byte_string());
    if (certificate.size() > kMaxCertificate) return invalid("a certificate is too large.");
    bundle.push_back(certificate);
  }
  return {};
}

Status read_field(CborReader& in, std::string_view name, AttestationDocument& document) {
  if (name == "module_id") {
    TRY_ASSIGN(document.module_id, in.text());
    return {};
  }
  if (name == "digest") {
    TRY_ASSIGN(const std::string_view digest, in.text());
    return digest == "SHA384" ? Status() : invalid("its digest is not SHA384.");
  }
  if (name == "timestamp") {
    TRY_ASSIGN(document.timestamp_ms, in.integer());
    return {};
  }
  if (name == "pcrs") return read_pcrs(in, kEnclavePcrs, document.pcrs);
  if (name == "nitrotpm_pcrs") return read_pcrs(in, kTpmPcrs, document.nitro_tpm_pcrs);
  if (name == "certificate") {
    TRY_ASSIGN(document.certificate, in.byte_string());
    return {};
  }
  if (name == "cabundle") return read_bundle(in, document.ca_bundle);
  if (name == "public_key" && !in.take_null()) {
    TRY_ASSIGN(document.public_key, in.byte_string());
    return {};
  }
  return name == "public_key" ? Status() : in.skip();  // user_data, nonce and what is to come
}

Status read_payload(AttestationDocument& document) {
  CborReader in(document.payload);
  TRY_ASSIGN(const std::size_t count, in.map());
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view name, in.text());
    if (!seen.insert(name).second) return invalid("a field is there twice.");
    TRY(read_field(in, name, document));
  }
  TRY(in.expect_end());
  for (const std::string_view needed : {"module_id", "digest", "timestamp", "certificate", "cabundle"}) {
    if (!seen.contains(needed)) return invalid(fmt::format("it has no {}.", needed));
  }
  if (seen.contains("pcrs") == seen.contains("nitrotpm_pcrs")) {
    return invalid(seen.contains("pcrs") ? "it has both pcrs and nitrotpm_pcrs." : "it has no pcrs.");
  }
  if (document.module_id.empty() || document.module_id.size() > kMaxModuleId ||
      document.certificate.size() > kMaxCertificate || document.public_key.size() > kMaxPublicKey ||
      document.timestamp_ms <= 0 || document.timestamp_ms > kMaxTimestampMs) {
    return invalid("a field has a size or value that it can't have.");
  }
  return {};
}

Status read_message(ByteView bytes, AttestationDocument& document) {
  CborReader in(bytes);
  in.take_tag(kCoseSign1Tag);
  TRY_ASSIGN(const std::size_t parts, in.array());
  if (parts != 4) return invalid("it is not a COSE_Sign1 message.");
  TRY_ASSIGN(document.protected_header, in.byte_string());
  TRY_ASSIGN(const std::size_t unprotected, in.map());
  for (std::size_t i = 0; i < 2 * unprotected; ++i) TRY(in.skip());
  TRY_ASSIGN(document.payload, in.byte_string());
  TRY_ASSIGN(document.signature, in.byte_string());
  TRY(in.expect_end());
  if (document.signature.size() != kSignatureSize) return invalid("its signature is not one of ES384.");
  TRY(read_header(document.protected_header));
  return read_payload(document);
}

void append_head(Bytes& out, std::uint8_t major, std::size_t size) {
  const auto tag = static_cast<std::uint8_t>(major << 5);
  if (size < 24) {
    out.push_back(static_cast<std::uint8_t>(tag | size));
    return;
  }
  const int bytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
  out.push_back(static_cast<std::uint8_t>(tag | (bytes == 1 ? 24 : bytes == 2 ? 25 : 26)));
  for (int i = bytes; i > 0; --i) out.push_back(static_cast<std::uint8_t>(size >> (8 * (i - 1))));
}

void append_item(Bytes& out, std::uint8_t major, ByteView content) {
  append_head(out, major, content.size());
  out.insert(out.end(), content.begin(), content.end());
}

}  // namespace

Result<AttestationDocument> parse_attestation_document(ByteView document) {
  AttestationDocument parsed;
  if (const Status read = read_message(document, parsed); !read) {
    if (read.error().code == ErrorCode::kValidation) return fail(read.error());
    return invalid(read.error().message);
  }
  return parsed;
}

Bytes attestation_signed_bytes(const AttestationDocument& document) {
  constexpr std::uint8_t kBytes = 2;
  constexpr std::uint8_t kText = 3;
  constexpr std::uint8_t kArray = 4;
  Bytes out;
  append_head(out, kArray, 4);
  append_item(out, kText, as_bytes("Signature1"));
  append_item(out, kBytes, document.protected_header);
  append_item(out, kBytes, {});
  append_item(out, kBytes, document.payload);
  return out;
}

}  // namespace kagimori
