// A message between the server and a session host of an HSM: whatever it is, it is parsed or refused, and what parses
// is written again as it was. The first byte says which of the two.
#include <cstdlib>

#include "hsm/message.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

void check_same(const SecretBytes& written, ByteView message) {
  check(to_bytes(written.expose().subspan(kHsmLengthSize)) == to_bytes(message));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMaxHsmMessage) return 0;
  const ByteView message(data + 1, size - 1);
  if ((data[0] & 1U) == 0) {
    const auto request = parse_hsm_request(message);
    if (request) check_same(write_hsm_request(*request), message);
    if (!request) check(request.error().code == ErrorCode::kCorrupt);
  } else {
    const auto answer = parse_hsm_answer(message);
    if (answer) check_same(write_hsm_answer(*answer), message);
    if (!answer) check(answer.error().code == ErrorCode::kCorrupt);
  }
  return 0;
}
