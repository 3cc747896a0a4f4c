#include "seal/record_value.h"

#include <algorithm>
#include <array>

#include "crypto/hmac.h"
#include "seal/account_number.h"
#include "seal/record_error.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kPrefixSize = 1 + 8 + 4;
constexpr std::size_t kMacSize = 32;

template <std::size_t N>
class FixedWriter {
 public:
  template <typename T>
  FixedWriter& put(T value) {
    for (std::size_t i = sizeof(T); i > 0; --i) bytes_[used_++] = static_cast<std::uint8_t>(value >> (8 * (i - 1)));
    return *this;
  }
  const std::array<std::uint8_t, N>& bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, N> bytes_{};
  std::size_t used_ = 0;
};

// Runs for each record that is read, so it allocates nothing.
Mac256 record_mac(CryptoContext& crypto, const Epoch& epoch, Table table, ByteView key, std::uint64_t revision,
                  ByteView content) {
  const auto front = FixedWriter<6>()
                         .put(kFormat)
                         .put(static_cast<std::uint8_t>(table))
                         .put(static_cast<std::uint32_t>(key.size()))
                         .bytes();
  const auto middle = FixedWriter<20>().put(revision).put(epoch.name().account).put(epoch.name().number).bytes();
  return hmac_sha256(crypto, epoch.record_key(), {front, key, middle, content});
}

}  // namespace

Result<RecordView> parse_record_value(Table table, const StoredRecord& record) {
  const ByteView value(record.value);
  if (!value.empty() && value[0] > kFormat) return fail(newer_record(table, record.key));
  if (value.size() < kRecordOverhead || value[0] != kFormat) {
    return fail(corrupt_record(table, record.key, "it is cut off or not a record."));
  }
  ByteReader in(value.subspan(1));
  TRY_ASSIGN(const std::uint64_t account, in.u64());
  TRY_ASSIGN(const std::uint32_t epoch, in.u32());
  if (account > kMaxAccountNumber) return fail(corrupt_record(table, record.key, "it names an impossible account."));
  return RecordView{{account, epoch}, value.subspan(kPrefixSize, value.size() - kRecordOverhead)};
}

Bytes seal_record_value(CryptoContext& crypto, const Epoch& epoch, Table table, ByteView key, std::uint64_t revision,
                        ByteView content) {
  const auto front = FixedWriter<kPrefixSize>().put(kFormat).put(epoch.name().account).put(epoch.name().number).bytes();
  const Mac256 mac = record_mac(crypto, epoch, table, key, revision, content);
  Bytes value(content.size() + kRecordOverhead);
  auto end = std::ranges::copy(front, value.begin()).out;
  end = std::ranges::copy(content, end).out;
  std::ranges::copy(mac, end);
  return value;
}

bool verify_record_value(CryptoContext& crypto, const Epoch& epoch, Table table, const StoredRecord& record,
                         ByteView content) {
  const Mac256 mac = record_mac(crypto, epoch, table, record.key, record.revision, content);
  return constant_time_equal(mac, ByteView(record.value).last(kMacSize));
}

}  // namespace kagimori
