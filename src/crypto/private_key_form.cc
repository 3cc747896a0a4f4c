#include "crypto/private_key_form.h"

#include <algorithm>

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kSeed = 1;
constexpr std::uint8_t kExpanded = 2;
constexpr std::size_t kPrefixOfSized = 4;

tl::unexpected<Error> wrong(std::string detail) { return fail(ErrorCode::kCorrupt, std::move(detail)); }

// ML-DSA and ML-KEM; all other kinds but RSA have one part of fixed size after the other.
bool is_module_lattice(const KeyPairInfo& info) { return info.expanded_key != 0; }

Status parse_content(const KeyPairInfo& info, ByteReader& reader, KeyFields& fields) {
  if (info.family == KeyPairFamily::kRsa) {
    for (const auto number : kRsaNumbers) {
      TRY_ASSIGN(fields.*number, reader.sized());
    }
    return reader.expect_end();
  }
  if (is_module_lattice(info)) {
    TRY_ASSIGN(const std::uint8_t form, reader.u8());
    if (form != kSeed && form != kExpanded) return wrong("its form is neither a seed nor an expanded key");
    TRY_ASSIGN((form == kSeed ? fields.secret : fields.expanded_key), reader.take(reader.remaining()));
    return {};
  }
  TRY_ASSIGN(fields.secret, reader.take(info.field != 0 ? info.field : info.seed));
  TRY_ASSIGN(fields.public_key, reader.take(info.public_key));
  return reader.expect_end();
}

std::size_t size_of(const KeyPairInfo& info, const KeyFields& fields) {
  std::size_t size = 2;
  if (info.family == KeyPairFamily::kRsa) {
    for (const auto number : kRsaNumbers) size += kPrefixOfSized + (fields.*number).size();
  } else if (is_module_lattice(info)) {
    size += 1 + (fields.secret.empty() ? fields.expanded_key.size() : fields.secret.size());
  } else {
    size += fields.secret.size() + fields.public_key.size();
  }
  return size;
}

// Fills secret memory of the right size; a ByteWriter would leave copies behind as it grows.
class Filler {
 public:
  explicit Filler(std::size_t size) : memory_(size), rest_(memory_.expose_mutable()) {}

  void u8(std::uint8_t value) { raw(std::array{value}); }
  void raw(ByteView bytes) {
    std::ranges::copy(bytes, rest_.begin());
    rest_ = rest_.subspan(bytes.size());
  }
  void sized(ByteView bytes) {
    raw(ByteWriter().count(bytes.size()).bytes());
    raw(bytes);
  }
  SecretBytes take() { return std::move(memory_); }

 private:
  SecretBytes memory_;
  std::span<std::uint8_t> rest_;
};

}  // namespace

Result<KeyFields> parse_private_key_form(KeyPairSpec spec, ByteView bytes) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const std::uint8_t format, reader.u8());
  if (format > kFormat) return fail(ErrorCode::kNewerSchema, "it was written by a later release");
  TRY_ASSIGN(const std::uint8_t kind, reader.u8());
  if (format != kFormat || kind != static_cast<std::uint8_t>(spec)) return wrong("it is a key of another kind");
  KeyFields fields;
  TRY(parse_content(key_pair_info(spec), reader, fields));
  TRY(check_fields(spec, KeyHalf::kPrivate, fields));
  return fields;
}

SecretBytes write_private_key_form(KeyPairSpec spec, const KeyFields& fields) {
  const KeyPairInfo& info = key_pair_info(spec);
  Filler filler(size_of(info, fields));
  filler.u8(kFormat);
  filler.u8(static_cast<std::uint8_t>(spec));
  if (info.family == KeyPairFamily::kRsa) {
    for (const auto number : kRsaNumbers) filler.sized(fields.*number);
  } else if (is_module_lattice(info)) {
    const bool is_seed = !fields.secret.empty();
    filler.u8(is_seed ? kSeed : kExpanded);
    filler.raw(is_seed ? fields.secret : fields.expanded_key);
  } else {
    filler.raw(fields.secret);
    filler.raw(fields.public_key);
  }
  return filler.take();
}

}  // namespace kagimori
