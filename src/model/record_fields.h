#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "model/audit_key.h"
#include "model/custom_key_store.h"
#include "model/grant.h"
#include "model/identity.h"
#include "model/key.h"
#include "model/key_usage.h"

namespace kagimori {

// How each kind of field stands in a record (docs/formats/record.md, "Kinds of field"), once for writing and once for
// reading. A record's layout is one list of its fields (record_layouts.h) that either of the two walks. Internal to
// record_codec.cc.

// First and last stored value of an enumeration; every value between is in use.
template <typename E>
struct StoredRange;
#define KAGIMORI_STORED_RANGE(E, first, last) \
  template <>                                 \
  struct StoredRange<E> {                     \
    static constexpr E kFirst = E::first;     \
    static constexpr E kLast = E::last;       \
  }
KAGIMORI_STORED_RANGE(KeyAlgorithm, kAes, kSm2);
KAGIMORI_STORED_RANGE(Curve, kNone, kSm2);
KAGIMORI_STORED_RANGE(Construction, kEnvelope, kStandard);
KAGIMORI_STORED_RANGE(ExportRule, kNever, kYes);
KAGIMORI_STORED_RANGE(KeyOrigin, kGenerated, kExternalKeyStore);
KAGIMORI_STORED_RANGE(ReplicationRole, kNone, kReplica);
KAGIMORI_STORED_RANGE(RotationType, kNone, kOnDemand);
KAGIMORI_STORED_RANGE(CopyEntry::Kind, kBackup, kReplica);
KAGIMORI_STORED_RANGE(ObjectType, kSecretKey, kSplitKey);
KAGIMORI_STORED_RANGE(Presence, kPresent, kExternal);
KAGIMORI_STORED_RANGE(LifecycleState, kGenerated, kDestroyed);
KAGIMORI_STORED_RANGE(CustomKeyStoreType, kCloudHsm, kExternal);
KAGIMORI_STORED_RANGE(XksConnectivity, kPublicEndpoint, kVpcEndpointService);
KAGIMORI_STORED_RANGE(ConnectionState, kDisconnected, kDisconnecting);
#undef KAGIMORI_STORED_RANGE

class FieldWriter {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (put(fields), ...);
  }
  void account(const AccountId& id) { put(id); }
  Bytes take() && { return std::move(out_).take(); }

 private:
  void put(bool v) { out_.boolean(v); }
  void put(std::uint8_t v) { out_.u8(v); }
  void put(std::uint16_t v) { out_.u16(v); }
  void put(std::uint32_t v) { out_.u32(v); }
  void put(std::uint64_t v) { out_.u64(v); }
  void put(std::int64_t v) { out_.i64(v); }
  void put(Timestamp v) { out_.i64(v.micros); }
  void put(const std::string& v) { out_.sized(v); }
  void put(const Bytes& v) { out_.sized(v); }
  void put(const RowId& v) { out_.raw(ByteView(v.bytes)); }
  void put(ReasonSet v) { out_.u16(v.bits()); }
  void put(const KeyType& v) { (*this)(v.algorithm, v.length_bits, v.curve, v.usage_mask, v.construction); }
  void put(const ObjectState& v) { (*this)(v.state, v.reasons, v.process_while_suspended); }
  void put(const Tag& v) { (*this)(v.key, v.value); }
  void put(const std::pair<std::string, std::string>& v) { (*this)(v.first, v.second); }
  void put(const BirthRecord& v) { (*this)(v.when, v.where, v.rng, v.ceremony, v.by); }
  void put(const CopyEntry& v) { (*this)(v.kind, v.where, v.when, v.horizon); }
  void put(const ObjectLink& v) { (*this)(v.type, v.target); }
  void put(const OperationUse& v) { (*this)(v.operation, v.count, v.bytes); }
  void put(const WrappedMaterial& v) { (*this)(v.epoch, v.blob); }
  void put(GrantOperations v) { out_.u32(v.bits()); }
  void put(const GrantParty& v) { (*this)(v.principal, v.identity, v.service); }
  void put(const XksProxyConfiguration& v) {
    (*this)(v.connectivity, v.uri_endpoint, v.uri_path, v.vpc_service_name, v.vpc_service_owner, v.access_key_id);
  }
  void put(const GrantConstraints& v) { (*this)(v.equals, v.subset, v.source_arn); }
  void put(const AttributeValue& v);
  template <typename E>
    requires std::is_enum_v<E>
  void put(E v) {
    out_.u8(static_cast<std::uint8_t>(v));
  }
  template <typename T>
  void put(const std::optional<T>& v) {
    out_.boolean(v.has_value());
    if (v) put(*v);
  }
  template <typename T>
  void put(const std::vector<T>& items) {
    out_.count(items.size());
    for (const T& item : items) put(item);
  }

  ByteWriter out_;
};

// Keeps the first failure; from then on nothing more is read.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : in_(bytes) {}

  template <typename... T>
  void operator()(T&... fields) {
    (get(fields), ...);
  }
  void account(AccountId& id);
  // The first failure, or kCorrupt when bytes are left over.
  Status finish();

 private:
  void get(bool& v) {
    keep(v, [&] { return in_.boolean(); });
  }
  void get(std::uint8_t& v) {
    keep(v, [&] { return in_.u8(); });
  }
  void get(std::uint16_t& v) {
    keep(v, [&] { return in_.u16(); });
  }
  void get(std::uint32_t& v) {
    keep(v, [&] { return in_.u32(); });
  }
  void get(std::uint64_t& v) {
    keep(v, [&] { return in_.u64(); });
  }
  void get(std::int64_t& v) {
    keep(v, [&] { return in_.i64(); });
  }
  void get(std::string& v) {
    keep(v, [&] { return in_.sized_text(); });
  }
  void get(Timestamp& v);
  void get(Bytes& v);
  void get(RowId& v);
  void get(ReasonSet& v);
  void get(KeyType& v) { (*this)(v.algorithm, v.length_bits, v.curve, v.usage_mask, v.construction); }
  void get(ObjectState& v) { (*this)(v.state, v.reasons, v.process_while_suspended); }
  void get(Tag& v) { (*this)(v.key, v.value); }
  void get(std::pair<std::string, std::string>& v) { (*this)(v.first, v.second); }
  void get(BirthRecord& v) { (*this)(v.when, v.where, v.rng, v.ceremony, v.by); }
  void get(CopyEntry& v) { (*this)(v.kind, v.where, v.when, v.horizon); }
  void get(ObjectLink& v) { (*this)(v.type, v.target); }
  void get(OperationUse& v) { (*this)(v.operation, v.count, v.bytes); }
  void get(WrappedMaterial& v) { (*this)(v.epoch, v.blob); }
  void get(GrantOperations& v);
  void get(GrantParty& v) { (*this)(v.principal, v.identity, v.service); }
  void get(XksProxyConfiguration& v) {
    (*this)(v.connectivity, v.uri_endpoint, v.uri_path, v.vpc_service_name, v.vpc_service_owner, v.access_key_id);
  }
  void get(GrantConstraints& v) { (*this)(v.equals, v.subset, v.source_arn); }
  void get(AttributeValue& v);
  void get(AttributeList& v);
  template <typename E>
    requires std::is_enum_v<E>
  void get(E& v) {
    std::uint8_t number = 0;
    get(number);
    if (!status_) return;
    if (number < static_cast<std::uint8_t>(StoredRange<E>::kFirst) ||
        number > static_cast<std::uint8_t>(StoredRange<E>::kLast)) {
      return refuse("A field has a value that does not exist.");
    }
    v = static_cast<E>(number);
  }
  template <typename T>
  void get(std::optional<T>& v) {
    bool present = false;
    get(present);
    if (status_ && present) get(v.emplace());
  }
  // Grows with what is really there, so that a wrong count can't ask for memory.
  template <typename T>
  void get(std::vector<T>& items) {
    std::uint32_t count = 0;
    keep(count, [&] { return in_.count(1); });
    for (; count > 0 && status_; --count) get(items.emplace_back());
  }

  template <typename T, typename Read>
  void keep(T& out, Read read) {
    if (!status_) return;
    auto value = read();
    if (value) {
      out = *std::move(value);
    } else {
      status_ = fail(std::move(value).error());
    }
  }
  void refuse(std::string_view why) { status_ = fail(ErrorCode::kCorrupt, std::string(why)); }

  ByteReader in_;
  Status status_;
  int depth_ = 0;  // of nested attributes
};

}  // namespace kagimori
