#pragma once

#include <string_view>

#include "base/error.h"

namespace kagimori {

// What a server answered instead of doing what it was asked to, as an error whose sentence carries the service's own
// words and, where it is known, what to do. `code` is the service's name for it ("NoSuchEntity").
Error refusal(std::string_view code, std::string_view message);
// An answer that is not in the form of the service: another program answers there, or it is overloaded.
Error strange_answer(long status);

}  // namespace kagimori
