#pragma once

#include <string>
#include <vector>

#include "server/opened_store.h"

namespace kagimori {

struct RecordName {
  Table table;
  Bytes key;
};

// What each of the records belongs to, in an operator's words: "account 100000000001, key 1234abcd-...". Empty where
// the primary key does not tell. Primary keys hold row ids and user ids, so the tables that lead from names to them are
// read; names in them whose own record fails its check are left out. Control characters are shown as '?'.
std::vector<std::string> record_subjects(OpenedStore& opened, ReadTransaction& view,
                                         const std::vector<RecordName>& records);

}  // namespace kagimori
