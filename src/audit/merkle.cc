#include "audit/merkle.h"

#include <bit>

namespace kagimori::audit {
namespace {

constexpr std::uint8_t kLeaf = 0, kNode = 1;

// The first part of a tree of `size` > 1 leaves: the largest power of two below the size.
std::uint64_t split(std::uint64_t size) { return std::bit_floor(size - 1); }

// The root of the leaves [begin, begin + size). Recursion ends after at most 64 steps: each left part is whole.
Result<Hash> range_root(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t begin, std::uint64_t size) {
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return nodes(level, begin >> level);
  }
  const std::uint64_t left_size = split(size);
  TRY_ASSIGN(const Hash left, range_root(crypto, nodes, begin, left_size));
  TRY_ASSIGN(const Hash right, range_root(crypto, nodes, begin + left_size, size - left_size));
  return node_hash(crypto, left, right);
}

bool is_even(std::uint64_t n) { return (n & 1) == 0; }

}  // namespace

Hash leaf_hash(CryptoContext& crypto, ByteView leaf) { return sha256(crypto, {{&kLeaf, 1}, leaf}); }

Hash node_hash(CryptoContext& crypto, const Hash& left, const Hash& right) {
  return sha256(crypto, {{&kNode, 1}, left, right});
}

Hash empty_root(CryptoContext& crypto) { return sha256(crypto, ByteView()); }

Hash subtree_root(CryptoContext& crypto, std::span<const Hash> hashes) {
  if (hashes.size() == 1) return hashes.front();
  const std::size_t half = hashes.size() / 2;
  return node_hash(crypto, subtree_root(crypto, hashes.first(half)), subtree_root(crypto, hashes.subspan(half)));
}

void GrowingTree::append(CryptoContext& crypto, const Hash& leaf) {
  Hash hash = leaf;
  for (std::uint64_t ends = size_; !is_even(ends); ends >>= 1) {
    hash = node_hash(crypto, peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++size_;
}

Hash GrowingTree::root(CryptoContext& crypto) const {
  if (peaks_.empty()) return empty_root(crypto);
  Hash root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) root = node_hash(crypto, *peak, root);
  return root;
}

Result<Hash> tree_root(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t size) {
  if (size == 0) return empty_root(crypto);
  return range_root(crypto, nodes, 0, size);
}

Result<std::vector<Hash>> peaks_of(const NodeSource& nodes, std::uint64_t size) {
  std::vector<Hash> peaks;
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t leaves = std::bit_floor(size - begin);
    const auto level = static_cast<unsigned>(std::countr_zero(leaves));
    TRY_ASSIGN(const Hash peak, nodes(level, begin >> level));
    peaks.push_back(peak);
    begin += leaves;
  }
  return peaks;
}

Result<std::vector<Hash>> inclusion_proof(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t index,
                                          std::uint64_t size) {
  if (index >= size) return fail(ErrorCode::kValidation, "The tree has no such leaf.");
  std::vector<Hash> proof;  // from the root down, turned at the end
  for (std::uint64_t begin = 0; size > 1;) {
    const std::uint64_t left_size = split(size);
    const bool left = index - begin < left_size;
    TRY_ASSIGN(const Hash sibling, left ? range_root(crypto, nodes, begin + left_size, size - left_size)
                                        : range_root(crypto, nodes, begin, left_size));
    proof.push_back(sibling);
    begin += left ? 0 : left_size;
    size = left ? left_size : size - left_size;
  }
  return std::vector<Hash>(proof.rbegin(), proof.rend());
}

Result<std::vector<Hash>> consistency_proof(CryptoContext& crypto, const NodeSource& nodes, std::uint64_t old_size,
                                            std::uint64_t size) {
  if (old_size > size) return fail(ErrorCode::kValidation, "The older tree is the larger one.");
  std::vector<Hash> proof;
  if (old_size == 0 || old_size == size) return proof;
  std::uint64_t begin = 0;
  bool whole = true;  // whether the old tree is one of the nodes that the verifier can name by itself
  while (old_size != size) {
    const std::uint64_t left_size = split(size);
    const bool left = old_size <= left_size;
    TRY_ASSIGN(const Hash sibling, left ? range_root(crypto, nodes, begin + left_size, size - left_size)
                                        : range_root(crypto, nodes, begin, left_size));
    proof.push_back(sibling);
    if (left) {
      size = left_size;
    } else {
      begin += left_size;
      size -= left_size;
      old_size -= left_size;
      whole = false;
    }
  }
  if (!whole) {
    TRY_ASSIGN(const Hash rest, range_root(crypto, nodes, begin, size));
    proof.push_back(rest);
  }
  return std::vector<Hash>(proof.rbegin(), proof.rend());
}

bool verify_inclusion(CryptoContext& crypto, const Hash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> proof, const Hash& root) {
  if (index >= size) return false;
  std::uint64_t fn = index, sn = size - 1;
  Hash r = leaf;
  for (const Hash& p : proof) {
    if (sn == 0) return false;
    if (!is_even(fn) || fn == sn) {
      r = node_hash(crypto, p, r);
      while (is_even(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = node_hash(crypto, r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

bool verify_consistency(CryptoContext& crypto, std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root, std::span<const Hash> proof) {
  if (old_size > size) return false;
  if (old_size == 0) return proof.empty() && old_root == empty_root(crypto);
  if (old_size == size) return proof.empty() && old_root == root;
  std::vector<Hash> path(proof.begin(), proof.end());
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  std::uint64_t fn = old_size - 1, sn = size - 1;
  while (!is_even(fn)) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash fr = path.front(), sr = path.front();
  for (const Hash& c : std::span<const Hash>(path).subspan(1)) {
    if (sn == 0) return false;
    if (!is_even(fn) || fn == sn) {
      fr = node_hash(crypto, c, fr);
      sr = node_hash(crypto, c, sr);
      while (is_even(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(crypto, sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return fr == old_root && sr == root && sn == 0;
}

}  // namespace kagimori::audit
