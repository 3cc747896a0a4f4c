#pragma once

#include "seal/root_keys.h"
#include "seal/root_records.h"

namespace kagimori {

// A store's root, opened and checked against everything the store says of itself.
struct OpenedRoot {
  StoredMeta meta;
  std::vector<StoredEnvelope> envelopes;
  RootGenerations generations;  // the current one, and the next one while a rotation is under way
};

// The errors of open_root. Reads only.
Result<OpenedRoot> open_root_keys(CryptoContext& crypto, Store& store, Envelope& envelope);

}  // namespace kagimori
