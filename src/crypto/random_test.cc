#include "crypto/random.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/bytes.h"

namespace kagimori {
namespace {

class RandomTest : public testing::Test {
 protected:
  Bytes drawn(std::size_t size) {
    Bytes out(size);
    random_.fill_public(out);
    return out;
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  OpensslRandom random_{*crypto_};
};

TEST_F(RandomTest, NoDrawComesTwiceAcrossManyBatches) {
  std::set<Bytes> seen;
  for (int i = 0; i < 3000; ++i) {
    EXPECT_TRUE(seen.insert(drawn(12)).second);  // 36,000 bytes: nine pools
    Bytes secret(12);
    random_.fill_private(secret);
    EXPECT_TRUE(seen.insert(secret).second);
  }
}

TEST_F(RandomTest, FillsEveryByteAtEverySizeAroundTheLimitOfThePool) {
  for (const std::size_t size : {1U, 2U, 255U, 256U, 257U, 4087U, 4088U, 4089U, 100000U}) {
    // A byte that stays zero in twenty draws was not written (chance 2^-160).
    Bytes touched(size, 0);
    Bytes touched_private(size, 0);
    for (int i = 0; i < 20; ++i) {
      const Bytes bytes = drawn(size);
      Bytes private_bytes(size);
      random_.fill_private(private_bytes);
      for (std::size_t k = 0; k < size; ++k) touched[k] |= bytes[k];
      for (std::size_t k = 0; k < size; ++k) touched_private[k] |= private_bytes[k];
    }
    EXPECT_EQ(std::ranges::count(touched, 0), 0) << size;
    EXPECT_EQ(std::ranges::count(touched_private, 0), 0) << size;
  }
}

TEST_F(RandomTest, NothingMayBeAskedFor) {
  random_.fill_public({});
  random_.fill_private({});
}

TEST_F(RandomTest, TwoSourcesOnOneContextDiffer) {
  OpensslRandom other(*crypto_);
  Bytes theirs(16);
  other.fill_public(theirs);
  EXPECT_NE(drawn(16), theirs);
}

// The pool is full when the process forks: had the child a copy of it, both would draw the same bytes.
TEST_F(RandomTest, AForkedChildDrawsOtherBytes) {
  (void)drawn(8);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::array<std::uint8_t, 64> mine{};
    random_.fill_public(mine);
    _exit(write(ends[1], mine.data(), mine.size()) == ssize_t{64} ? 0 : 1);
  }
  const Bytes ours = drawn(64);
  Bytes theirs(64);
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), 64);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(ours, theirs);
  EXPECT_NE(theirs, Bytes(64, 0));
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace kagimori
