#include "audit/merkle.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace kagimori::audit {
namespace {

// The root as RFC 6962 section 2.1 defines it, word by word.
Hash defined_root(CryptoContext& crypto, std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256(crypto, ByteView());
  if (leaves.size() == 1) return leaves.front();
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(crypto, defined_root(crypto, leaves.first(k)), defined_root(crypto, leaves.subspan(k)));
}

class MerkleTest : public testing::Test {
 protected:
  MerkleTest() : crypto_(CryptoContext::create().value()) {
    for (std::uint8_t i = 0; i < 70; ++i) leaves_.push_back(leaf_hash(*crypto_, {&i, 1}));
  }
  Hash root(std::uint64_t size) { return defined_root(*crypto_, std::span(leaves_).first(size)); }
  NodeSource source() {
    return [this](unsigned level, std::uint64_t index) -> Result<Hash> {
      const std::uint64_t count = std::uint64_t{1} << level;
      return defined_root(*crypto_, std::span(leaves_).subspan(index * count, count));
    };
  }

  std::unique_ptr<CryptoContext> crypto_;
  std::vector<Hash> leaves_;
};

// The vectors that the implementations of Certificate Transparency share.
TEST_F(MerkleTest, KnownRoots) {
  EXPECT_EQ(hex_encode(empty_root(*crypto_)), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const char* const entries[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  GrowingTree tree;
  for (std::size_t i = 0; i < std::size(entries); ++i) {
    tree.append(*crypto_, leaf_hash(*crypto_, *hex_decode(entries[i])));
    EXPECT_EQ(hex_encode(tree.root(*crypto_)), roots[i]) << i;
  }
}

TEST_F(MerkleTest, AllWaysLeadToTheSameRoot) {
  GrowingTree tree;
  EXPECT_EQ(tree.root(*crypto_), root(0));
  for (std::uint64_t size = 0; size <= leaves_.size(); ++size) {
    EXPECT_EQ(*tree_root(*crypto_, source(), size), root(size)) << size;
    EXPECT_EQ(tree.root(*crypto_), root(size)) << size;
    if (size < leaves_.size()) tree.append(*crypto_, leaves_[size]);
  }
}

TEST_F(MerkleTest, EveryInclusionIsProvedAndNoOtherLeaf) {
  for (std::uint64_t size = 1; size <= leaves_.size(); ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = *inclusion_proof(*crypto_, source(), index, size);
      EXPECT_TRUE(verify_inclusion(*crypto_, leaves_[index], index, size, proof, root(size)));
      EXPECT_FALSE(verify_inclusion(*crypto_, leaves_[(index + 1) % leaves_.size()], index, size, proof, root(size)));
      if (size > 1) {
        EXPECT_FALSE(verify_inclusion(*crypto_, leaves_[index], (index + 1) % size, size, proof, root(size)));
      }
      std::vector<Hash> longer = proof;
      longer.push_back(leaves_[0]);
      EXPECT_FALSE(verify_inclusion(*crypto_, leaves_[index], index, size, longer, root(size)));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        std::vector<Hash> flipped = proof;
        flipped[i][7] ^= 1;
        EXPECT_FALSE(verify_inclusion(*crypto_, leaves_[index], index, size, flipped, root(size)));
      }
    }
    EXPECT_FALSE(inclusion_proof(*crypto_, source(), size, size));
    EXPECT_FALSE(verify_inclusion(*crypto_, leaves_[0], size, size, {}, root(size)));
  }
}

TEST_F(MerkleTest, EveryGrowthIsProvedAndNoOtherHistory) {
  for (std::uint64_t size = 0; size <= leaves_.size(); ++size) {
    for (std::uint64_t old = 0; old <= size; ++old) {
      const std::vector<Hash> proof = *consistency_proof(*crypto_, source(), old, size);
      EXPECT_TRUE(verify_consistency(*crypto_, old, root(old), size, root(size), proof)) << old << " " << size;
      Hash other = root(old);
      other[0] ^= 1;
      EXPECT_FALSE(verify_consistency(*crypto_, old, other, size, root(size), proof)) << old << " " << size;
      Hash forged = root(size);
      forged[0] ^= 1;
      if (old > 0) {
        EXPECT_FALSE(verify_consistency(*crypto_, old, root(old), size, forged, proof));
      }
      for (std::size_t i = 0; i < proof.size(); ++i) {
        std::vector<Hash> flipped = proof;
        flipped[i][31] ^= 0x80;
        EXPECT_FALSE(verify_consistency(*crypto_, old, root(old), size, root(size), flipped));
      }
      if (!proof.empty()) {
        EXPECT_FALSE(
            verify_consistency(*crypto_, old, root(old), size, root(size), std::span(proof).first(proof.size() - 1)));
      }
    }
    EXPECT_FALSE(consistency_proof(*crypto_, source(), size + 1, size));
    EXPECT_FALSE(verify_consistency(*crypto_, size + 1, root(0), size, root(size), {}));
  }
}

}  // namespace
}  // namespace kagimori::audit
