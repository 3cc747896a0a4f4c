#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle.h"

namespace kagimori::audit {

// A proof as a file: C2SP tlog-proof. Everything that is needed to check one event but the event and the public key.
//
//   c2sp.org/tlog-proof@v1
//   index 17
//   <base64 of a hash, from the leaf up> ...
//
//   <the checkpoint, a signed note>
struct ProofText {
  std::uint64_t index = 0;
  std::vector<Hash> hashes;
  std::string checkpoint;
};

std::string format_proof(const ProofText& proof);
// kValidation with a sentence. Neither the hashes nor the checkpoint is checked.
Result<ProofText> parse_proof(std::string_view text);

}  // namespace kagimori::audit
