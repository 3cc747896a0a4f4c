#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "crypto/digest.h"

namespace kagimori::audit {

// The Merkle tree over the lines of the audit log: RFC 6962 section 2.1 with SHA-256. A leaf is a line without its line
// feed.

using Hash = Sha256Digest;

Hash leaf_hash(CryptoContext& crypto, ByteView leaf);
Hash node_hash(CryptoContext& crypto, const Hash& left, const Hash& right);
Hash empty_root(CryptoContext& crypto);

// The root over a power of two of hashes of one level.
Hash subtree_root(CryptoContext& crypto, std::span<const Hash> hashes);

// The root of a tree that grows leaf by leaf, in 64 hashes of memory.
class GrowingTree {
 public:
  GrowingTree() = default;
  // Goes on from a size: `peaks` are its whole subtrees, the largest first (peaks_of).
  GrowingTree(std::uint64_t size, std::vector<Hash> peaks) : size_(size), peaks_(std::move(peaks)) {}

  void append(CryptoContext& crypto, const Hash& leaf);
  Hash root(CryptoContext& crypto) const;
  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> peaks_;  // roots of the whole subtrees, the largest first
};

// Gives the hash of a whole subtree: of 2^level leaves, the index-th of its kind.
using NodeSource = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

// The root of the first `size` leaves.
Result<Hash> tree_root(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t size);

// The roots of the whole subtrees that a tree of `size` leaves is made of, the largest first: as many as bits are set.
Result<std::vector<Hash>> peaks_of(const NodeSource& nodes, std::uint64_t size);

// RFC 6962 section 2.1.1, from the leaf up. kValidation unless index < size.
Result<std::vector<Hash>> inclusion_proof(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t index,
                                          std::uint64_t size);
// RFC 6962 section 2.1.2; empty when the sizes are the same or the old one is 0. kValidation unless old <= size.
Result<std::vector<Hash>> consistency_proof(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t old_size,
                                            std::uint64_t size);

// RFC 9162 sections 2.1.3.2 and 2.1.4.2.
bool verify_inclusion(CryptoContext& crypto, const Hash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> proof, const Hash& root);
bool verify_consistency(CryptoContext& crypto, std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root, std::span<const Hash> proof);

}  // namespace kagimori::audit
