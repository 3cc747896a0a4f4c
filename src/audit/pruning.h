#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/signed_note.h"

namespace kagimori::audit {

// The note that says how many events at the front of a log were removed by its retention: "ORIGIN/pruned\nCOUNT\n",
// signed by the log's key. Their hashes stay, and with them every proof.
std::string pruning_text(std::string_view origin, std::uint64_t events);
// 0 for what is no such note of one of these keys.
std::uint64_t pruned_events(CryptoContext& crypto, std::string_view note, const std::vector<NoteVerifier>& keys);

}  // namespace kagimori::audit
