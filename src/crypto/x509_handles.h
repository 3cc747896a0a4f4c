#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "base/clock.h"
#include "crypto/openssl.h"

// What the .cc files about certificates share.
namespace kagimori::openssl {

using Bio = Handle<BIO, BIO_free_all>;
using Certificate = Handle<X509, X509_free>;
using BigNumber = Handle<BIGNUM, BN_free>;
using Time = Handle<ASN1_TIME, ASN1_TIME_free>;
using Integer = Handle<ASN1_INTEGER, ASN1_INTEGER_free>;
using BitString = Handle<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OctetString = Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using AltNames = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

// The first certificate of a PEM text, on the thread's library context. kBadConfiguration when there is none.
Result<Certificate> read_certificate(CryptoContext& crypto, std::string_view pem);
// kBadConfiguration when the time of a certificate is malformed.
Result<Timestamp> to_timestamp(const ASN1_TIME* time);
// PEM asks for a passphrase on the terminal unless told not to; a server must not wait for one.
int refuse_passphrase(char* buffer, int size, int writing, void* user);

}  // namespace kagimori::openssl
