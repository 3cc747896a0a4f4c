#include "crypto/private_key_file.h"

#include <openssl/decoder.h>
#include <openssl/x509.h>

#include <algorithm>
#include <optional>

#include "crypto/openssl.h"

namespace kagimori {
namespace {

using Decoder = openssl::Handle<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free>;
using Pkcs8 = openssl::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

// What the callback below asks for, once.
struct Asking {
  const AskPassphrase& ask;
  std::optional<Result<SecretBytes>> answer;
};

int give_passphrase(char* out, std::size_t room, std::size_t* size, const OSSL_PARAM* /*params*/, void* context) {
  Asking& asking = *static_cast<Asking*>(context);
  if (!asking.answer) asking.answer.emplace(asking.ask());
  if (!*asking.answer) return 0;
  const ByteView passphrase = (*asking.answer)->expose();
  if (passphrase.size() > room) return 0;
  std::ranges::copy(as_text(passphrase), out);
  *size = passphrase.size();
  return 1;
}

Result<SecretBytes> encode_pkcs8(const EVP_PKEY& key) {
  const Pkcs8 info(EVP_PKEY2PKCS8(&key));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) return openssl::failure("encode the private key as PKCS #8");
  SecretBytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.expose_mutable().data();
  if (i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) != size) return openssl::failure("encode the private key as PKCS #8");
  return der;
}

}  // namespace

Result<SecretBytes> pkcs8_of_file(CryptoContext& crypto, ByteView file, const AskPassphrase& passphrase) {
  EVP_PKEY* raw = nullptr;
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&raw, nullptr, nullptr, nullptr, OSSL_KEYMGMT_SELECT_PRIVATE_KEY,
                                                      crypto.library(), nullptr));
  Asking asking{passphrase, {}};
  if (!decoder || OSSL_DECODER_CTX_set_passphrase_cb(decoder.get(), give_passphrase, &asking) != 1) {
    return openssl::failure("set up the reading of private keys");
  }
  const unsigned char* data = file.data();
  std::size_t size = file.size();
  const bool read = OSSL_DECODER_from_data(decoder.get(), &data, &size) == 1;
  const openssl::Key key(raw);
  if (read && key) return encode_pkcs8(*key);
  openssl::forget_errors();
  if (asking.answer && !*asking.answer) return fail(asking.answer->error());
  if (asking.answer) return fail(ErrorCode::kCrypto, "The passphrase does not open the private key.");
  return fail(ErrorCode::kCrypto, "There is no private key in it, as PEM or DER, that OpenSSL can read.");
}

}  // namespace kagimori
