#include "crypto/key_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kagimori {
namespace {

constexpr std::size_t kMaxExponent = 32;  // SP 800-56B section 6.2: below 2^256
constexpr std::array<std::uint8_t, 3> kMinExponent = {1, 0, 1};
constexpr std::uint8_t kUncompressed = 0x04;
constexpr std::array<const char*, kRsaNumbers.size()> kRsaNames = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,           OSSL_PKEY_PARAM_RSA_D,
    OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,     OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
constexpr std::size_t kRsaPublicNumbers = 2;

std::size_t rsa_numbers(KeyHalf half) { return half == KeyHalf::kPublic ? kRsaPublicNumbers : kRsaNumbers.size(); }

bool is_odd(ByteView number) { return (number.back() & 1) != 0; }

tl::unexpected<Error> wrong(std::string detail) { return fail(ErrorCode::kCorrupt, std::move(detail)); }

Status check_rsa(const KeyPairInfo& info, KeyHalf half, const KeyFields& fields) {
  for (std::size_t i = 0; i < rsa_numbers(half); ++i) {
    const ByteView number = fields.*kRsaNumbers.at(i);
    if (number.empty() || number.front() == 0 || number.size() > info.modulus)
      return wrong("its numbers are out of range");
  }
  if (fields.modulus.size() != info.modulus || (fields.modulus.front() & 0x80) == 0) {
    return wrong(fmt::format("its modulus does not have {} bits", info.modulus * 8));
  }
  if (!is_odd(fields.modulus)) return wrong("its modulus is even");
  const ByteView e = fields.public_exponent;
  const bool small = e.size() < kMinExponent.size() ||
                     (e.size() == kMinExponent.size() && std::ranges::lexicographical_compare(e, kMinExponent));
  if (small || e.size() > kMaxExponent || !is_odd(e)) {
    return wrong("its public exponent is not an odd number from 65537 to 2^256");
  }
  if (half == KeyHalf::kPrivate && (!is_odd(fields.prime1) || !is_odd(fields.prime2))) {
    return wrong("its factors are not two odd primes");
  }
  return {};
}

bool is_curve(const KeyPairInfo& info) { return info.field != 0; }
bool is_module_lattice(const KeyPairInfo& info) { return info.expanded_key != 0; }

// A point may be compressed, which is one coordinate less.
bool has_size_of_public_key(const KeyPairInfo& info, ByteView key) {
  if (!is_curve(info)) return key.size() == info.public_key;
  if (key.size() == info.public_key) return key.front() == kUncompressed;
  return key.size() == info.field + 1 && (key.front() == 0x02 || key.front() == 0x03);
}

// The parameters of a call to OpenSSL. What they point to lies in `memory`, or is the caller's.
class ParameterList {
 public:
  explicit ParameterList(std::size_t capacity) : memory_(capacity) {}

  void text(const char* name, const char* value) {
    list_.push_back(OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0));
  }
  // OpenSSL wants memory that it may write to, and does not.
  void octets(const char* name, ByteView value) {
    list_.push_back(OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()), value.size()));
  }
  // OpenSSL takes numbers in the machine's byte order, which is little-endian.
  void number(const char* name, ByteView value) {
    const std::span<std::uint8_t> room = reserve(value.size());
    std::ranges::reverse_copy(value, room.begin());
    list_.push_back(OSSL_PARAM_construct_BN(name, room.data(), room.size()));
  }
  // Room for OpenSSL to write to.
  void octets_out(const char* name, std::size_t size) {
    list_.push_back(OSSL_PARAM_construct_octet_string(name, reserve(size).data(), size));
  }
  void number_out(const char* name, std::size_t size) {
    list_.push_back(OSSL_PARAM_construct_BN(name, reserve(size).data(), size));
  }

  OSSL_PARAM* finish() {
    list_.push_back(OSSL_PARAM_construct_end());
    return list_.data();
  }
  // What OpenSSL wrote; empty when it wrote nothing, or something of another size.
  ByteView octets_of(const char* name) const {
    const OSSL_PARAM* const param = OSSL_PARAM_locate_const(list_.data(), name);
    if (OSSL_PARAM_modified(param) == 0 || param->return_size != param->data_size) return {};
    return {static_cast<const std::uint8_t*>(param->data), param->data_size};
  }
  // The same for a number, turned to big-endian in its place.
  ByteView number_of(const char* name) {
    const OSSL_PARAM* const param = OSSL_PARAM_locate_const(list_.data(), name);
    if (OSSL_PARAM_modified(param) == 0) return {};
    const std::span<std::uint8_t> bytes(static_cast<std::uint8_t*>(param->data), param->return_size);
    std::ranges::reverse(bytes);
    return bytes;
  }
  SecretBytes take_memory() { return std::move(memory_); }

 private:
  std::span<std::uint8_t> reserve(std::size_t size) {
    if (size > memory_.size() - used_) openssl::stop_process("a key takes more room than it can");
    const std::span<std::uint8_t> room = memory_.expose_mutable().subspan(used_, size);
    used_ += size;
    return room;
  }

  SecretBytes memory_;
  std::size_t used_ = 0;
  std::vector<OSSL_PARAM> list_;
};

ByteView without_leading_zeros(ByteView number) {
  const auto first = std::ranges::find_if(number, [](std::uint8_t byte) { return byte != 0; });
  return {first, number.end()};
}

// Takes up to eight numbers, none longer than the modulus, or the longest of the other keys.
std::size_t room_for(const KeyPairInfo& info) {
  return kRsaNumbers.size() * info.modulus + 2 * (info.field + info.public_key + info.seed + info.expanded_key);
}

void add_fields(ParameterList& list, KeyPairSpec spec, KeyHalf half, const KeyFields& fields) {
  const KeyPairInfo& info = key_pair_info(spec);
  if (info.family == KeyPairFamily::kRsa) {
    for (std::size_t i = 0; i < rsa_numbers(half); ++i) list.number(kRsaNames.at(i), fields.*kRsaNumbers.at(i));
    return;
  }
  if (is_curve(info)) list.text(OSSL_PKEY_PARAM_GROUP_NAME, openssl::group_name(spec));
  if (half == KeyHalf::kPrivate) {
    if (is_curve(info)) {
      list.number(OSSL_PKEY_PARAM_PRIV_KEY, fields.secret);
    } else if (!is_module_lattice(info)) {
      list.octets(OSSL_PKEY_PARAM_PRIV_KEY, fields.secret);
    } else if (!fields.secret.empty()) {
      list.octets(openssl::kSeedParam, fields.secret);
    } else {
      list.octets(OSSL_PKEY_PARAM_PRIV_KEY, fields.expanded_key);
    }
  }
  if (!fields.public_key.empty()) list.octets(OSSL_PKEY_PARAM_PUB_KEY, fields.public_key);
}

void ask_for_fields(ParameterList& list, const KeyPairInfo& info, KeyHalf half) {
  if (info.family == KeyPairFamily::kRsa) {
    for (std::size_t i = 0; i < rsa_numbers(half); ++i) list.number_out(kRsaNames.at(i), info.modulus);
    return;
  }
  list.octets_out(OSSL_PKEY_PARAM_PUB_KEY, info.public_key);
  if (half == KeyHalf::kPublic) return;
  if (is_curve(info)) {
    list.number_out(OSSL_PKEY_PARAM_PRIV_KEY, info.field);
  } else if (is_module_lattice(info)) {
    list.octets_out(openssl::kSeedParam, info.seed);
    list.octets_out(OSSL_PKEY_PARAM_PRIV_KEY, info.expanded_key);
  } else {
    list.octets_out(OSSL_PKEY_PARAM_PRIV_KEY, info.seed);
  }
}

KeyFields answered_fields(ParameterList& list, const KeyPairInfo& info, KeyHalf half) {
  KeyFields fields;
  if (info.family == KeyPairFamily::kRsa) {
    for (std::size_t i = 0; i < rsa_numbers(half); ++i) {
      fields.*kRsaNumbers.at(i) = without_leading_zeros(list.number_of(kRsaNames.at(i)));
    }
    return fields;
  }
  fields.public_key = list.octets_of(OSSL_PKEY_PARAM_PUB_KEY);
  if (half == KeyHalf::kPublic) return fields;
  if (is_curve(info)) {
    fields.secret = list.number_of(OSSL_PKEY_PARAM_PRIV_KEY);
  } else if (is_module_lattice(info)) {
    fields.secret = list.octets_of(openssl::kSeedParam);
    fields.expanded_key = list.octets_of(OSSL_PKEY_PARAM_PRIV_KEY);
  } else {
    fields.secret = list.octets_of(OSSL_PKEY_PARAM_PRIV_KEY);
  }
  return fields;
}

}  // namespace

Status check_fields(KeyPairSpec spec, KeyHalf half, const KeyFields& fields) {
  const KeyPairInfo& info = key_pair_info(spec);
  if (info.family == KeyPairFamily::kRsa) return check_rsa(info, half, fields);
  const bool has_public_key = !fields.public_key.empty();
  if (has_public_key ? !has_size_of_public_key(info, fields.public_key) : half == KeyHalf::kPublic) {
    return wrong("its public key has a wrong size or form");
  }
  if (half == KeyHalf::kPublic) return {};
  const std::size_t secret_size = is_curve(info) ? info.field : info.seed;
  const bool may_be_expanded = info.expanded_key != 0 && !fields.expanded_key.empty();
  if (may_be_expanded && fields.expanded_key.size() != info.expanded_key) {
    return wrong("its expanded key has a wrong size");
  }
  if (fields.secret.size() != secret_size && !(may_be_expanded && fields.secret.empty())) {
    return wrong(fmt::format("its private part does not have {} bytes", secret_size));
  }
  return {};
}

Result<Bytes> derive_point(CryptoContext& crypto, KeyPairSpec spec, ByteView scalar) {
  const openssl::Group group(EC_GROUP_new_by_curve_name_ex(crypto.library(), nullptr, openssl::curve_nid(spec)));
  const openssl::Scalar number(BN_secure_new());
  const openssl::NumberContext scratch(BN_CTX_secure_new_ex(crypto.library()));
  const openssl::Point point(group ? EC_POINT_new(group.get()) : nullptr);
  if (!number || !scratch || !point ||
      BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) == nullptr) {
    return openssl::failure("prepare a curve");
  }
  if (BN_is_zero(number.get()) == 1 || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return wrong("its private part is out of range");
  }
  Bytes result(key_pair_info(spec).public_key);
  if (EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, scratch.get()) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, result.data(), result.size(),
                         scratch.get()) != result.size()) {
    return openssl::failure("compute a public key");
  }
  return result;
}

Result<KeyHandle> make_key(CryptoContext& crypto, KeyPairSpec spec, KeyHalf half, const KeyFields& fields) {
  TRY(require_support(crypto, spec));
  ParameterList list(room_for(key_pair_info(spec)));
  add_fields(list, spec, half, fields);
  const openssl::KeyContext context(
      EVP_PKEY_CTX_new_from_name(crypto.library(), openssl::algorithm_name(spec), nullptr));
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1) return openssl::failure("prepare a key");
  EVP_PKEY* key = nullptr;
  const int selection = half == KeyHalf::kPrivate ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, list.finish()) != 1) {
    EVP_PKEY_free(key);
    openssl::forget_errors();
    return wrong("its parts make no key of this kind");
  }
  return KeyHandle(key);
}

Result<OwnedKeyFields> read_fields(KeyPairSpec spec, KeyHalf half, const evp_pkey_st* key, bool with_expanded) {
  const KeyPairInfo& info = key_pair_info(spec);
  ParameterList list(room_for(info));
  ask_for_fields(list, info, half);
  const bool good = EVP_PKEY_get_params(key, list.finish()) == 1;
  openssl::forget_errors();
  KeyFields fields = answered_fields(list, info, half);
  if (!fields.secret.empty() && !with_expanded) fields.expanded_key = {};
  if (!good || !check_fields(spec, half, fields)) return openssl::failure("take a key apart");
  return OwnedKeyFields{list.take_memory(), fields};
}

Result<LocalKey> LocalKey::copy(CryptoContext& crypto, KeyPairSpec spec, KeyHalf half, const evp_pkey_st* key) {
  TRY_ASSIGN(const OwnedKeyFields own, read_fields(spec, half, key));
  Result<KeyHandle> handle = make_key(crypto, spec, half, own.fields);
  if (!handle) return openssl::failure("copy a key to another context");
  evp_pkey_st* const used = handle->get();
  return LocalKey(used, *std::move(handle));
}

Result<LocalKey> LocalKey::of(CryptoContext& crypto, const PrivateKey& key) {
  if (key.library() == crypto.library()) return LocalKey(key.handle(), nullptr);
  return copy(crypto, key.spec(), KeyHalf::kPrivate, key.handle());
}

Result<LocalKey> LocalKey::of(CryptoContext& crypto, const PublicKey& key) {
  if (key.library() == crypto.library()) return LocalKey(key.handle(), nullptr);
  return copy(crypto, key.spec(), KeyHalf::kPublic, key.handle());
}

}  // namespace kagimori
