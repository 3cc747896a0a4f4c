#include "crypto/context.h"

#include <openssl/err.h>

#include <thread>

#include "crypto/aead.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

namespace kagimori {
namespace {

TEST(ContextTest, HasItsOwnLibraryContext) {
  const auto a = CryptoContext::create().value();
  const auto b = CryptoContext::create().value();
  EXPECT_NE(a->library(), nullptr);
  EXPECT_NE(a->library(), b->library());
}

// All primitives after one another; the same input gives the same bytes on every context.
Bytes run_everything(CryptoContext& crypto, std::uint8_t seed) {
  const Bytes key(32, seed);
  KeyedHmac prf = KeyedHmac::create(crypto, key).value();
  OpensslRandom random(crypto);
  Bytes derived(76);
  Bytes sealed(derived.size() + kGcmTagSize);
  Bytes opened(derived.size());
  Bytes nonce(kGcmNonceSize);
  Bytes all;
  for (int i = 0; i < 300; ++i) {
    const auto context = sha256(crypto, {key, all});
    kbkdf_counter(prf, as_bytes("label"), context, derived);
    random.fill_public(nonce);
    EXPECT_TRUE(aes256gcm_seal(crypto, key, nonce, context, derived, sealed));
    EXPECT_TRUE(aes256gcm_open(crypto, key, nonce, context, sealed, opened));
    EXPECT_EQ(opened, derived);
    EXPECT_TRUE(aes_kw_unwrap(crypto, key, aes_kw_wrap(crypto, key, context).value()));
    all.insert(all.end(), derived.begin(), derived.end());
  }
  return all;
}

TEST(ContextTest, TwoThreadsWithAContextEachDoNotDisturbEachOther) {
  std::array<Bytes, 2> results;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&results, i] {
      const auto crypto = CryptoContext::create().value();
      results[i] = run_everything(*crypto, static_cast<std::uint8_t>(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto crypto = CryptoContext::create().value();
  EXPECT_EQ(results[0], run_everything(*crypto, 0));
  EXPECT_EQ(results[1], run_everything(*crypto, 1));
}

TEST(ContextTest, MayBeMadeOnOneThreadAndUsedOnAnother) {
  auto crypto = CryptoContext::create().value();
  Bytes result;
  std::thread([&result, mine = std::move(crypto)]() mutable {
    result = run_everything(*mine, 1);
    mine.reset();
  }).join();
  EXPECT_FALSE(result.empty());
}

// An error that stays in the thread's queue would be taken for one of the next TLS call.
TEST(ContextTest, FailuresLeaveNothingInTheErrorQueue) {
  const auto crypto = CryptoContext::create().value();
  const Bytes key(32, 1);
  Bytes out(16);
  EXPECT_FALSE(aes256gcm_open(*crypto, key, Bytes(12), ByteView{}, Bytes(32), out));
  EXPECT_EQ(ERR_peek_error(), 0U);
  EXPECT_FALSE(aes_kw_unwrap(*crypto, key, Bytes(24)));
  EXPECT_EQ(ERR_peek_error(), 0U);
  EXPECT_FALSE(aes_kwp_unwrap(*crypto, key, Bytes(24)));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(OpensslTest, AFailureTellsOpensslsReasonAndEmptiesTheQueue) {
  ERR_raise(ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM);
  const Status status = openssl::failure("do this");
  EXPECT_EQ(status.error().code, ErrorCode::kCrypto);
  EXPECT_EQ(status.error().message, "OpenSSL could not do this: unsupported algorithm");
  EXPECT_EQ(ERR_peek_error(), 0U);
  const Status unexplained = openssl::failure("do that");
  EXPECT_EQ(unexplained.error().message, "OpenSSL could not do that: no reason given");
}

TEST(OpensslDeathTest, StoppingSaysWhy) { EXPECT_DEATH(openssl::stop_process("all is lost"), "fatal.*all is lost"); }

}  // namespace
}  // namespace kagimori
