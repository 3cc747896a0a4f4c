#pragma once

#include "base/bytes.h"
#include "model/audit_key.h"
#include "model/custom_key_store.h"
#include "model/grant.h"
#include "model/identity.h"
#include "model/key.h"
#include "model/key_usage.h"

namespace kagimori {

// Stored bytes of the model's records (docs/formats/record.md). Each starts with its format version; what one release
// wrote, every later release reads (golden files in testdata/). Decoding checks everything and fails with kCorrupt, or
// kNewerSchema for a format version it does not know; bytes after the end are kCorrupt.
Bytes encode(const Key& record);
Bytes encode(const KeyVersion& record);
Bytes encode(const KeyObject& record);
Bytes encode(const Transition& record);
Bytes encode(const Tombstone& record);
Bytes encode(const Alias& record);
Bytes encode(const KeyPolicy& record);
Bytes encode(const KeyLastUsage& record);
Bytes encode(const KeyUseCount& record);
Bytes encode(const UsageLimit& record);
Bytes encode(const UsageReservation& record);
Bytes encode(const Grant& record);
Bytes encode(const CustomKeyStore& record);
Bytes encode(const AuditKey& record);
Bytes encode(const Account& record);
Bytes encode(const User& record);
Bytes encode(const UserPolicy& record);
Bytes encode(const AccessKey& record);
Bytes encode(const Role& record);
Bytes encode(const Group& record);
Bytes encode(const ManagedPolicy& record);
Bytes encode(const ManagedPolicyVersion& record);
Bytes encode(const Session& record);
Bytes encode(const AccessKeyUse& record);

// T is one of the types above, e.g. decode<Key>(bytes).
template <typename T>
Result<T> decode(ByteView bytes);

// Content of kKeyIds and of kObjectIds: the row a name leads to.
Bytes encode_row(const RowId& row);
Result<RowId> decode_row(ByteView bytes);

}  // namespace kagimori
