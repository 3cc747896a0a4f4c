#include "model/record_fields.h"

#include <algorithm>

namespace kagimori {
namespace {

// What stands before an attribute's value.
enum class AttributeKind : std::uint8_t { kInteger = 1, kBoolean = 2, kText = 3, kBytes = 4, kTime = 5, kList = 6 };

// 0001-01-01 to 9999-12-31: what dates can be written as, with room to add days to them.
constexpr std::int64_t kFirstMicros = -62'135'596'800 * 1'000'000;
constexpr std::int64_t kLastMicros = 253'402'300'799 * 1'000'000 + 999'999;

constexpr std::uint16_t kAllReasons = (2u << static_cast<unsigned>(LifecycleReason::kDestroyed)) - 1;

}  // namespace

void FieldWriter::put(const AttributeValue& v) {
  (*this)(v.name, v.index);
  out_.u8(static_cast<std::uint8_t>(v.value.index() + 1));  // the variant's order is AttributeKind's
  std::visit([this](const auto& value) { put(value); }, v.value);
}

void FieldReader::account(AccountId& id) {
  get(id);
  if (status_ && !is_account_id(id)) refuse("An account is not 12 digits.");
}

Status FieldReader::finish() {
  TRY(status_);
  return in_.expect_end();
}

void FieldReader::get(Timestamp& v) {
  get(v.micros);
  if (status_ && (v.micros < kFirstMicros || v.micros > kLastMicros)) refuse("A date is out of range.");
}

void FieldReader::get(Bytes& v) {
  keep(v, [&]() -> Result<Bytes> {
    TRY_ASSIGN(const ByteView bytes, in_.sized());
    return to_bytes(bytes);
  });
}

void FieldReader::get(RowId& v) {
  ByteView bytes;
  keep(bytes, [&] { return in_.take(v.bytes.size()); });
  std::copy(bytes.begin(), bytes.end(), v.bytes.begin());
}

void FieldReader::get(ReasonSet& v) {
  std::uint16_t bits = 0;
  get(bits);
  if (status_ && (bits & ~kAllReasons) != 0) return refuse("A set of reasons holds an unknown one.");
  v = ReasonSet(bits);
}

void FieldReader::get(GrantOperations& v) {
  std::uint32_t bits = 0;
  get(bits);
  if (status_ && !kAllGrantOperations.has_all(GrantOperations(bits))) return refuse("A grant allows what is unknown.");
  v = GrantOperations(bits);
}

void FieldReader::get(AttributeValue& v) {
  (*this)(v.name, v.index);
  std::uint8_t kind = 0;
  get(kind);
  if (!status_) return;
  switch (static_cast<AttributeKind>(kind)) {
    case AttributeKind::kInteger:
      return get(v.value.emplace<std::int64_t>());
    case AttributeKind::kBoolean:
      return get(v.value.emplace<bool>());
    case AttributeKind::kText:
      return get(v.value.emplace<std::string>());
    case AttributeKind::kBytes:
      return get(v.value.emplace<Bytes>());
    case AttributeKind::kTime:
      return get(v.value.emplace<Timestamp>());
    case AttributeKind::kList:
      return get(v.value.emplace<AttributeList>());
  }
  refuse("An attribute's value is of an unknown kind.");
}

void FieldReader::get(AttributeList& v) {
  if (depth_ == kMaxAttributeDepth) return refuse("Attributes are nested too deep.");
  ++depth_;
  get<AttributeValue>(v);
  --depth_;
}

}  // namespace kagimori
