#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "server/opened_store.h"

namespace kagimori {

struct TableCount {
  Table table;
  std::size_t records = 0;
};
struct StoreCheck {
  std::vector<TableCount> tables;
  std::size_t damaged = 0;
  std::vector<std::string> findings;  // sentences; the first hundred
};

// Reads everything: the pages of the file, the MAC of every record under the keyring or root key that it claims, and
// whether the records that go with it are there (record_links.h). Changes nothing. An error means that the check could
// not be made; damage is in the findings.
Result<StoreCheck> check_store(OpenedStore& opened);

}  // namespace kagimori
