#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "store/store.h"

namespace kagimori {

// "The record 3132 of table keys is damaged or forged: <what>". The primary key is in hexadecimal.
Error corrupt_record(Table table, ByteView key, std::string_view what);
// The record was written by a later release.
Error newer_record(Table table, ByteView key);
// For an error met while decoding a record's content: puts the record's name in front.
Error in_record(Table table, ByteView key, const Error& error);

}  // namespace kagimori
