#include "model/record_codec.h"

#include <fmt/format.h>

#include "model/record_fields.h"
#include "model/record_layouts.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormatVersion = 1;

template <typename R>
Bytes encode_record(const R& record) {
  FieldWriter out;
  out(kFormatVersion);
  RecordLayout<R>::walk(out, record);
  return std::move(out).take();
}

template <typename R>
Result<R> decode_record(ByteView bytes) {
  constexpr std::string_view kName = RecordLayout<R>::kName;
  if (bytes.empty() || bytes[0] == 0) {
    return fail(ErrorCode::kCorrupt, fmt::format("A stored {} has no format version.", kName));
  }
  if (bytes[0] > kFormatVersion) {
    return fail(ErrorCode::kNewerSchema,
                fmt::format("A stored {} has format version {}, but this release reads only up "
                            "to {}. Use the release that wrote it, or a later one.",
                            kName, bytes[0], kFormatVersion));
  }
  R record;
  FieldReader in(bytes.subspan(1));
  RecordLayout<R>::walk(in, record);
  const Status status = in.finish();
  if (!status) {
    return fail(ErrorCode::kCorrupt, fmt::format("A stored {} is damaged. {}", kName, status.error().message));
  }
  return record;
}

}  // namespace

#define KAGIMORI_RECORD(R)                                        \
  Bytes encode(const R& record) { return encode_record(record); } \
  template <>                                                     \
  Result<R> decode<R>(ByteView bytes) {                           \
    return decode_record<R>(bytes);                               \
  }
KAGIMORI_RECORD(Key)
KAGIMORI_RECORD(KeyVersion)
KAGIMORI_RECORD(KeyObject)
KAGIMORI_RECORD(Transition)
KAGIMORI_RECORD(Tombstone)
KAGIMORI_RECORD(Alias)
KAGIMORI_RECORD(KeyPolicy)
KAGIMORI_RECORD(KeyLastUsage)
KAGIMORI_RECORD(KeyUseCount)
KAGIMORI_RECORD(UsageLimit)
KAGIMORI_RECORD(UsageReservation)
KAGIMORI_RECORD(Grant)
KAGIMORI_RECORD(CustomKeyStore)
KAGIMORI_RECORD(AuditKey)
KAGIMORI_RECORD(Account)
KAGIMORI_RECORD(User)
KAGIMORI_RECORD(UserPolicy)
KAGIMORI_RECORD(AccessKey)
KAGIMORI_RECORD(Role)
KAGIMORI_RECORD(Group)
KAGIMORI_RECORD(ManagedPolicy)
KAGIMORI_RECORD(ManagedPolicyVersion)
KAGIMORI_RECORD(Session)
KAGIMORI_RECORD(AccessKeyUse)
#undef KAGIMORI_RECORD

Bytes encode_row(const RowId& row) { return encode_record(row); }
Result<RowId> decode_row(ByteView bytes) { return decode_record<RowId>(bytes); }

}  // namespace kagimori
