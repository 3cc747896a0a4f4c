#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "store/store.h"

namespace kagimori {

// Records that must go together. Each proves by its MAC that it is authentic, none that another is still there; so
// whoever can delete rows could keep a key from being destroyed, or hide a grant from those who would revoke it.
// `content` is that of an authentic record of `table`. kCorrupt with a sentence that says what is missing, what follows
// from that, and what to do; other errors where the store can't be read.
Status check_links(ReadTransaction& view, Table table, ByteView content);

}  // namespace kagimori
