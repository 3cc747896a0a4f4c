// Stored bytes of a record: the first byte picks the type, the rest is decoded. What decodes has one encoding only, so
// it must come out again as it went in.
#include <cstdlib>

#include "model/record_codec.h"
#include "model/record_keys.h"

namespace {

using namespace kagimori;

template <typename R>
void check(ByteView bytes) {
  const auto record = decode<R>(bytes);
  if (record && encode(*record) != to_bytes(bytes)) std::abort();
}

void check_row(ByteView bytes) {
  const auto row = decode_row(bytes);
  if (row && encode_row(*row) != to_bytes(bytes)) std::abort();
}

void check_due(ByteView bytes) {
  const auto due = parse_due_key(bytes);
  if (!due) return;
  const auto kind = static_cast<std::uint8_t>(due->kind);
  if (record_key::due(due->when, due->account, due->row, kind) != to_bytes(bytes)) std::abort();
}

using Check = void (*)(ByteView);
constexpr Check kChecks[] = {check<Key>,       check<KeyVersion>, check<KeyObject>,     check<Transition>,
                             check<Tombstone>, check<Alias>,      check<KeyPolicy>,     check<Account>,
                             check<User>,      check<UserPolicy>, check<AccessKey>,     check_row,
                             check_due,        check<Grant>,      check<CustomKeyStore>};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= std::size(kChecks)) return 0;
  kChecks[data[0]]({data + 1, size - 1});
  return 0;
}
