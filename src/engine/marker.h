#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/context.h"

namespace kagimori {

// The markers of one list. A marker is the place where the list goes on: the last name of the page before, opaque to
// callers. It is taken by that list only, so that a marker given to another one can't silently skip a part of it. It
// grants nothing: a list never leaves its own prefix, whatever the marker says.
class ListMarkers {
 public:
  // `scope` is the prefix of the records that the operation lists.
  ListMarkers(CryptoContext& crypto, std::string_view operation, ByteView scope);

  std::string make(std::string_view last_name) const;
  // kInvalidMarker unless it is one of this list.
  Result<std::string> open(std::string_view marker) const;

 private:
  std::string prefix_;
};

}  // namespace kagimori
