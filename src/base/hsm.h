#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/bytes.h"
#include "base/secret.h"

namespace kagimori {

// Hardware security modules, as clusters in the words of AWS KMS: each a token that holds AES-256 keys which were made
// in it, never leave it, and are used in place. How it is reached is elsewhere (hsm/).

enum class HsmFault : std::uint8_t {
  kUnknownCluster,     // no cluster of this id is configured
  kUnreachable,        // its module can't be loaded, its token is not there, or it broke off
  kTimedOut,           // it did not answer in time, or all of its sessions are busy
  kInvalidCredential,  // the password is not the user's
  kUserNotFound,
  kUserLockedOut,
  kUserLoggedIn,  // somebody else is logged in
  kKeyNotFound,
  kInvalidCiphertext,  // only of decrypt
  kRefused,            // it can't or won't do what was asked
};
template <typename T>
using HsmResult = tl::expected<T, HsmFault>;

inline constexpr std::size_t kHsmKeyIdSize = 16;  // bytes: the CKA_ID of a key
inline constexpr std::size_t kHsmIvSize = 12;     // bytes
inline constexpr std::size_t kHsmTagSize = 16;    // bytes

// Any thread; each call blocks until the cluster answers or the limit for it has passed. The password is that of the
// user who owns the keys.
class HsmClusters {
 public:
  virtual ~HsmClusters() = default;

  // The cluster's trust anchor, a certificate in DER; empty when no cluster of this id is configured.
  virtual ByteView trust_anchor(std::string_view cluster) const = 0;

  // Tries the password anew.
  virtual HsmResult<void> log_in(std::string_view cluster, const SecretBytes& password) = 0;
  // Ends what is kept open.
  virtual void log_out(std::string_view cluster) = 0;

  // Makes an AES-256 key that can't be extracted. `label` is for people.
  virtual HsmResult<void> generate_key(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                                       std::string_view label) = 0;
  // Success also when there is no such key.
  virtual HsmResult<void> destroy_key(std::string_view cluster, const SecretBytes& password, ByteView key_id) = 0;
  // AES-256-GCM. The sealed message is IV, ciphertext and tag; the HSM draws the IV.
  virtual HsmResult<Bytes> encrypt(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                                   ByteView additional_data, ByteView plaintext) = 0;
  virtual HsmResult<SecretBytes> decrypt(std::string_view cluster, const SecretBytes& password, ByteView key_id,
                                         ByteView additional_data, ByteView sealed) = 0;
  virtual HsmResult<SecretBytes> random(std::string_view cluster, const SecretBytes& password, std::size_t size) = 0;
};

}  // namespace kagimori
