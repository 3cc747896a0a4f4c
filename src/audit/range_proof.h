#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_files.h"
#include "audit/merkle.h"

namespace kagimori::audit {

// Proves that a run of events is what a log has there: all of them, in their order, and nothing between them. Needed to
// check it are the events, this and the log's public key.
//
//   kagimori/range-proof@v1
//   first 1000
//   events 312
//   <base64 of a hash> ...
//
//   <the checkpoint, a signed note>
//
// The hashes: first the roots of the whole subtrees before the range, the largest first, as many as bits are set in
// `first`; then the consistency proof (RFC 6962 section 2.1.2) from the range's end to the checkpoint.
struct RangeProof {
  std::uint64_t first = 0, events = 0;
  std::vector<Hash> before, after;
  std::string checkpoint;
};

std::string format_range_proof(const RangeProof& proof);
// kValidation with a sentence. Nothing is checked but the form.
Result<RangeProof> parse_range_proof(std::string_view text);

// From the hashes in the folder, to its newest checkpoint. kNotFound when the range is empty or not under it yet.
Result<RangeProof> prove_range(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first,
                               std::uint64_t events);

// Takes the events of a range one after the other and says whether the proof is of them.
class RangeCheck {
 public:
  RangeCheck(CryptoContext& crypto, const RangeProof& proof)
      : crypto_(crypto), proof_(proof), tree_(proof.first, proof.before) {}

  void add(std::string_view line) { tree_.append(crypto_, leaf_hash(crypto_, as_bytes(line))); }
  // The number of the event that comes next.
  std::uint64_t next() const { return tree_.size(); }
  bool leads_to(std::uint64_t size, const Hash& root) const {
    return tree_.size() == proof_.first + proof_.events &&
           verify_consistency(crypto_, tree_.size(), tree_.root(crypto_), size, root, proof_.after);
  }

 private:
  CryptoContext& crypto_;
  const RangeProof& proof_;
  GrowingTree tree_;
};

}  // namespace kagimori::audit
