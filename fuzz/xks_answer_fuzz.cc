// An answer of an external key store proxy: whatever it is, it is read or refused as a fault that has a meaning. The
// first byte says which answer and with which status.
#include <cstdlib>

#include "protocol/xks.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CryptoContext* const crypto = (*CryptoContext::create()).release();
  if (size == 0) return 0;
  const std::string_view body = as_text({data + 1, size - 1});
  const long status = (data[0] & 4U) == 0 ? 200 : 400;
  switch (data[0] & 3U) {
    case 0:
      static_cast<void>(parse_xks_health(status, body));
      break;
    case 1:
      static_cast<void>(parse_xks_metadata(status, body));
      break;
    case 2: {
      const auto sealed = parse_xks_encrypt(*crypto, status, body, as_bytes("context"));
      if (sealed) check(status == 200 && sealed->authentication_tag.size() == 16 && sealed->metadata.size() <= 20);
      break;
    }
    default: {
      const auto opened = parse_xks_decrypt(status, body);
      if (opened) check(status == 200 && !opened->empty() && opened->size() <= 4300);
      if (!opened) check(!xks_fault_meaning(opened.error()).sentence.empty());
    }
  }
  return 0;
}
