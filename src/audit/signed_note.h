#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/private_key.h"
#include "crypto/public_key.h"

namespace kagimori::audit {

// A key that signs notes, as others know it: C2SP signed-note, a verifier key of type Ed25519.
class NoteVerifier {
 public:
  // "NAME+HASH+BASE64" on one line. kValidation with a sentence when it is not so, the hash does not fit, or the type
  // is another.
  static Result<NoteVerifier> parse(CryptoContext& crypto, std::string_view line);
  static Result<NoteVerifier> of(CryptoContext& crypto, std::string name, const PrivateKey& key);

  std::string line() const;
  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  bool accepts(CryptoContext& crypto, std::string_view text, ByteView signature) const;

 private:
  NoteVerifier(std::string name, std::uint32_t id, Bytes public_key, PublicKey key)
      : name_(std::move(name)), id_(id), public_key_(std::move(public_key)), key_(std::move(key)) {}
  static Result<NoteVerifier> make(CryptoContext& crypto, std::string name, ByteView public_key);

  std::string name_;
  std::uint32_t id_;
  Bytes public_key_;  // 32 bytes
  PublicKey key_;
};

// C2SP signed-note: a text that ends with a line feed, an empty line, and signature lines.
struct SignedNote {
  struct Signature {
    std::string name;
    std::uint32_t id = 0;
    Bytes signature;
  };
  std::string text;
  std::vector<Signature> signatures;
};
// kValidation with a sentence for what is no signed note. Signatures are not checked.
Result<SignedNote> parse_signed_note(std::string_view bytes);
// The key among `known` that signed the note; nullptr when none of them did. kValidation when a known key's signature
// is there and wrong.
Result<const NoteVerifier*> signer_of(CryptoContext& crypto, const SignedNote& note,
                                      const std::vector<NoteVerifier>& known);

// Signs notes.
class NoteSigner {
 public:
  static Result<NoteSigner> create(CryptoContext& crypto, std::string name, PrivateKey key);
  const NoteVerifier& verifier() const { return verifier_; }
  // The whole note. `text` ends with a line feed.
  Result<std::string> sign(CryptoContext& crypto, std::string_view text) const;

 private:
  NoteSigner(NoteVerifier verifier, PrivateKey key) : verifier_(std::move(verifier)), key_(std::move(key)) {}
  NoteVerifier verifier_;
  PrivateKey key_;
};

}  // namespace kagimori::audit
