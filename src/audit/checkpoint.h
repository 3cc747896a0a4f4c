#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/merkle.h"

namespace kagimori::audit {

// What a log commits to: C2SP tlog-checkpoint, the text of a signed note.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root = {};
  bool operator==(const Checkpoint&) const = default;
};

std::string checkpoint_text(const Checkpoint& checkpoint);
// Lines after the third are extensions and are left aside. kValidation with a sentence.
Result<Checkpoint> parse_checkpoint(std::string_view text);

// The text up to the next line feed, or all of it; taken from `rest` with its line feed.
std::string_view take_line(std::string_view& rest);
// Decimal without sign and leading zeros, as all numbers in the formats of transparency logs. kValidation.
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace kagimori::audit
