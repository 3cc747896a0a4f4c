#pragma once

#include <string_view>

#include "engine/trail.h"
#include "model/arn.h"

namespace kagimori {

// parse_key_reference() for the operation of `trail`: one that has no InvalidArnException says NotFoundException.
Result<KeyReference> parse_named_key(const Trail& trail, std::string_view text);

}  // namespace kagimori
