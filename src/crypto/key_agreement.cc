#include "crypto/key_agreement.h"

#include <fmt/format.h>

#include "crypto/key_fields.h"

namespace kagimori {
namespace {

// The shared point of a scalar and a point on the curve.
Result<SecretBytes> shared_x(OSSL_LIB_CTX* library, KeyPairSpec spec, ByteView scalar, ByteView peer) {
  const openssl::Group group(EC_GROUP_new_by_curve_name_ex(library, nullptr, openssl::curve_nid(spec)));
  const openssl::NumberContext scratch(BN_CTX_secure_new_ex(library));
  const openssl::Scalar number(BN_secure_new());
  const openssl::Scalar x(BN_secure_new());
  const openssl::Point point(group ? EC_POINT_new(group.get()) : nullptr);
  const openssl::Point shared(group ? EC_POINT_new(group.get()) : nullptr);
  SecretBytes result(key_pair_info(spec).field);
  // With one point and one scalar OpenSSL takes the ladder whose time does not depend on the scalar.
  if (!scratch || !number || !x || !point || !shared ||
      BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) == nullptr ||
      EC_POINT_oct2point(group.get(), point.get(), peer.data(), peer.size(), scratch.get()) != 1 ||
      EC_POINT_mul(group.get(), shared.get(), nullptr, point.get(), number.get(), scratch.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), shared.get(), x.get(), nullptr, scratch.get()) != 1 ||
      BN_bn2binpad(x.get(), result.expose_mutable().data(), static_cast<int>(result.size())) < 0) {
    return openssl::failure("agree on a secret");
  }
  return result;
}

}  // namespace

// Not by EVP_PKEY_derive, which OpenSSL offers for keys of type EC but not for those of type SM2. All curves here have
// the cofactor 1, a point that is on the curve is all that has to be checked (SP 800-56A section 5.6.2.3.4), and it was
// when the PublicKey was made.
Result<SecretBytes> ecdh(CryptoContext& crypto, const PrivateKey& key, const PublicKey& peer) {
  const KeyPairInfo& info = key_pair_info(key.spec());
  if (info.field == 0) return fail(ErrorCode::kCrypto, fmt::format("A key of {} agrees on no secrets.", info.name));
  if (peer.spec() != key.spec()) {
    return fail(ErrorCode::kCrypto,
                fmt::format("The public key is not one of {}, the curve of the private key.", info.name));
  }
  TRY_ASSIGN(const OwnedKeyFields own, read_fields(key.spec(), KeyHalf::kPrivate, key.handle()));
  TRY_ASSIGN(const OwnedKeyFields theirs, read_fields(peer.spec(), KeyHalf::kPublic, peer.handle()));
  return shared_x(crypto.library(), key.spec(), own.fields.secret, theirs.fields.public_key);
}

}  // namespace kagimori
