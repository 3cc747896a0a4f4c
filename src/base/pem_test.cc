#include "base/pem.h"

namespace kagimori {
namespace {

TEST(Pem, ACertificateIsReadWhateverItsLinesAre) {
  for (const std::string_view text :
       {"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "a comment\r\n-----BEGIN CERTIFICATE-----\r\nM\r\nAA=\r\n-----END CERTIFICATE-----\r\nmore",
        "-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE-----"}) {
    const auto der = pem_certificate(text);
    ASSERT_TRUE(der) << text;
    EXPECT_EQ(*der, (Bytes{0x30, 0x00}));
  }
}

TEST(Pem, WhatIsNotOneCertificateIsRefused) {
  for (const std::string_view text :
       {"", "MAA=", "-----BEGIN CERTIFICATE-----\nMAA=\n", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nM*A=\n-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(pem_certificate(text)) << text;
  }
}

}  // namespace
}  // namespace kagimori
