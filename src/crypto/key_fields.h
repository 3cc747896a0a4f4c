#pragma once

#include "base/secret.h"
#include "crypto/key_handles.h"
#include "crypto/private_key.h"

// The numbers and byte strings that make up a key: what its encodings carry, and what OpenSSL's object is made of.
// For the .cc files of this folder.
namespace kagimori {

// Big-endian; the numbers of RSA without leading zeros, everything else of the size that KeyPairInfo says. Views of
// memory that outlives them. What a kind of key does not have is empty.
struct KeyFields {
  // RSA, with the names of RFC 8017 appendix A.1.
  ByteView modulus;
  ByteView public_exponent;
  ByteView private_exponent;
  ByteView prime1;
  ByteView prime2;
  ByteView exponent1;
  ByteView exponent2;
  ByteView coefficient;
  // All others.
  ByteView secret;        // EC, SM2: the scalar; Ed25519, ML-DSA, ML-KEM: the seed
  ByteView expanded_key;  // ML-DSA, ML-KEM: where the seed is not known, or was given too
  ByteView public_key;    // a point (SEC 1 section 2.3.3), or as the standard encodes it
};

// With the memory that the views are of.
struct OwnedKeyFields {
  SecretBytes memory;
  KeyFields fields;
};

enum class KeyHalf : std::uint8_t { kPublic, kPrivate };

// Sizes, and the rules for RSA's exponent. kCorrupt with a part of a sentence: "its public exponent is ...".
Status check_fields(KeyPairSpec spec, KeyHalf half, const KeyFields& fields);

// The numbers of RSA that a private key has, in the order in which all encodings have them.
inline constexpr std::array kRsaNumbers = {
    &KeyFields::modulus, &KeyFields::public_exponent, &KeyFields::private_exponent, &KeyFields::prime1,
    &KeyFields::prime2,  &KeyFields::exponent1,       &KeyFields::exponent2,        &KeyFields::coefficient};

// The point that belongs to a scalar, uncompressed. kCorrupt when the scalar is out of range.
Result<Bytes> derive_point(CryptoContext& crypto, KeyPairSpec spec, ByteView scalar);

// From fields that have been checked. Points must be on their curve: kCorrupt when OpenSSL refuses.
Result<KeyHandle> make_key(CryptoContext& crypto, KeyPairSpec spec, KeyHalf half, const KeyFields& fields);

// The fields of a key; of ML-DSA and ML-KEM the expanded key only when it has no seed, or `with_expanded`.
// kCrypto if OpenSSL fails.
Result<OwnedKeyFields> read_fields(KeyPairSpec spec, KeyHalf half, const evp_pkey_st* key, bool with_expanded = false);

// A key as an operation of `crypto` may use it: the key itself when it was made with that context, else a copy there
// that lives as long as this. OpenSSL keeps state in a library context for each thread that draws random numbers from
// it (nonces, salts, blinding), and touches it when the thread ends, by when the context may be gone.
class LocalKey {
 public:
  static Result<LocalKey> of(CryptoContext& crypto, const PrivateKey& key);
  static Result<LocalKey> of(CryptoContext& crypto, const PublicKey& key);

  evp_pkey_st* get() const { return used_; }

 private:
  static Result<LocalKey> copy(CryptoContext& crypto, KeyPairSpec spec, KeyHalf half, const evp_pkey_st* key);
  LocalKey(evp_pkey_st* used, KeyHandle own) : used_(used), own_(std::move(own)) {}

  evp_pkey_st* used_;
  KeyHandle own_;
};

}  // namespace kagimori
