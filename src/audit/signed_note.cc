#include "audit/signed_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

namespace kagimori::audit {
namespace {

constexpr std::uint8_t kEd25519 = 1;
constexpr std::size_t kPublicKeySize = 32;
constexpr std::size_t kIdSize = 4;
constexpr std::size_t kMaxSignatures = 100;
constexpr std::string_view kDash = "\u2014 ";
// SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 section 4).
constexpr std::array<std::uint8_t, 12> kSpkiPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

std::uint32_t number(ByteView four) {
  return std::uint32_t{four[0]} << 24 | std::uint32_t{four[1]} << 16 | std::uint32_t{four[2]} << 8 | four[3];
}

bool is_name(std::string_view name) {
  return !name.empty() && is_valid_utf8(name) &&
         std::ranges::none_of(name, [](char c) { return c == '+' || static_cast<unsigned char>(c) <= ' '; });
}

tl::unexpected<Error> no_key(std::string_view why) {
  return fail(ErrorCode::kValidation,
              fmt::format("This is no public key of an audit log (NAME+HASH+KEY on one line): {}.", why));
}
tl::unexpected<Error> no_note(std::string_view why) {
  return fail(ErrorCode::kValidation, fmt::format("This is no signed note: {}.", why));
}

Result<SignedNote::Signature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return no_note("a signature line does not begin with a dash");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_name(line.substr(0, space))) return no_note("a signature has no name");
  const Result<Bytes> bytes = base64_decode(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdSize) return no_note("a signature is no base64");
  const ByteView view(*bytes);
  return SignedNote::Signature{std::string(line.substr(0, space)), number(view), to_bytes(view.subspan(kIdSize))};
}

}  // namespace

Result<NoteVerifier> NoteVerifier::make(CryptoContext& crypto, std::string name, ByteView public_key) {
  if (!is_name(name)) return no_key("the name is empty or has a space or a plus sign");
  if (public_key.size() != kPublicKeySize) return no_key("the key is not one of Ed25519");
  const std::array<std::uint8_t, 2> type = {'\n', kEd25519};
  const Sha256Digest digest = sha256(crypto, {as_bytes(name), type, public_key});
  Bytes spki(kSpkiPrefix.begin(), kSpkiPrefix.end());
  spki.insert(spki.end(), public_key.begin(), public_key.end());
  TRY_ASSIGN(PublicKey key, PublicKey::from_spki(crypto, KeyPairSpec::kEd25519, spki));
  return NoteVerifier(std::move(name), number(digest), to_bytes(public_key), std::move(key));
}

Result<NoteVerifier> NoteVerifier::parse(CryptoContext& crypto, std::string_view line) {
  const std::size_t first = line.find('+');
  const std::size_t second = first == std::string_view::npos ? first : line.find('+', first + 1);
  if (second == std::string_view::npos) return no_key("parts are missing");
  const Result<Bytes> key = base64_decode(line.substr(second + 1));
  if (!key || key->empty()) return no_key("the key is no base64");
  if (key->front() != kEd25519) return no_key("the key is not one of Ed25519");
  TRY_ASSIGN(NoteVerifier verifier, make(crypto, std::string(line.substr(0, first)), ByteView(*key).subspan(1)));
  if (line.substr(first + 1, second - first - 1) != fmt::format("{:08x}", verifier.id_)) {
    return no_key("the hash does not fit name and key");
  }
  return verifier;
}

Result<NoteVerifier> NoteVerifier::of(CryptoContext& crypto, std::string name, const PrivateKey& key) {
  TRY_ASSIGN(const Bytes spki, key.spki());
  if (spki.size() != kSpkiPrefix.size() + kPublicKeySize) return no_key("the key is not one of Ed25519");
  return make(crypto, std::move(name), ByteView(spki).subspan(kSpkiPrefix.size()));
}

std::string NoteVerifier::line() const {
  Bytes typed = {kEd25519};
  typed.insert(typed.end(), public_key_.begin(), public_key_.end());
  return fmt::format("{}+{:08x}+{}", name_, id_, base64_encode(typed));
}

bool NoteVerifier::accepts(CryptoContext& crypto, std::string_view text, ByteView signature) const {
  return verify(crypto, key_, SignatureScheme::kEd25519, MessageForm::kRaw, as_bytes(text), signature).value_or(false);
}

Result<SignedNote> parse_signed_note(std::string_view bytes) {
  if (!is_valid_utf8(bytes)) return no_note("it is no UTF-8");
  const std::size_t end = bytes.rfind("\n\n");
  if (end == std::string_view::npos) return no_note("it has no empty line before its signatures");
  SignedNote note;
  note.text = bytes.substr(0, end + 1);
  std::string_view lines = bytes.substr(end + 2);
  if (lines.empty() || !lines.ends_with('\n')) return no_note("its signatures are cut off");
  while (!lines.empty()) {
    if (note.signatures.size() == kMaxSignatures) return no_note("it has too many signatures");
    const std::size_t line_feed = lines.find('\n');
    TRY_ASSIGN(SignedNote::Signature signature, parse_signature(lines.substr(0, line_feed)));
    note.signatures.push_back(std::move(signature));
    lines.remove_prefix(line_feed + 1);
  }
  return note;
}

Result<const NoteVerifier*> signer_of(CryptoContext& crypto, const SignedNote& note,
                                      const std::vector<NoteVerifier>& known) {
  const NoteVerifier* signer = nullptr;
  for (const SignedNote::Signature& signature : note.signatures) {
    for (const NoteVerifier& key : known) {
      if (key.name() != signature.name || key.id() != signature.id) continue;
      if (!key.accepts(crypto, note.text, signature.signature)) {
        return fail(ErrorCode::kValidation, fmt::format("The signature of {} is wrong.", key.line()));
      }
      signer = &key;
    }
  }
  return signer;
}

Result<NoteSigner> NoteSigner::create(CryptoContext& crypto, std::string name, PrivateKey key) {
  TRY_ASSIGN(NoteVerifier verifier, NoteVerifier::of(crypto, std::move(name), key));
  return NoteSigner(std::move(verifier), std::move(key));
}

Result<std::string> NoteSigner::sign(CryptoContext& crypto, std::string_view text) const {
  TRY_ASSIGN(const Bytes signature,
             kagimori::sign(crypto, key_, SignatureScheme::kEd25519, MessageForm::kRaw, as_bytes(text)));
  const std::uint32_t id = verifier_.id();
  Bytes tagged = {static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
                  static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
  tagged.insert(tagged.end(), signature.begin(), signature.end());
  return fmt::format("{}\n{}{} {}\n", text, kDash, verifier_.name(), base64_encode(tagged));
}

}  // namespace kagimori::audit
