#pragma once

#include <cstdint>
#include <optional>

#include "base/hsm.h"

namespace kagimori {

// What the server and a session host (session_host.h) say to each other over their socket. Each message is its length,
// u32 big-endian, and that many bytes:
//   request   u8 operation | u32 limit in ms | u32 size of random bytes | password | key id | label | additional data |
//             input, the last five each as u32 length and bytes
//   answer    u8 0, or 1 + HsmFault | u64 what the module returned (CK_RV), for the log | output to the end
// Requests hold passwords, and either holds plaintext, so both lie in SecretBytes.

inline constexpr std::size_t kMaxHsmMessage = std::size_t{64} << 10;  // bytes
inline constexpr std::size_t kHsmLengthSize = 4;

enum class HsmOperation : std::uint8_t {
  kLogIn = 1,
  kGenerateKey = 2,
  kDestroyKey = 3,
  kEncrypt = 4,
  kDecrypt = 5,
  kRandom = 6,
};

// Views into whatever the request was made or parsed from.
struct HsmRequest {
  HsmOperation operation = HsmOperation::kLogIn;
  std::uint32_t limit_ms = 0;  // how long the module may take before the host ends itself
  std::uint32_t random_size = 0;
  ByteView password, key_id, label, additional_data, input;
};
// With its length. Empty when it is larger than a message may be.
SecretBytes write_hsm_request(const HsmRequest& request);
// kCorrupt for anything that write_hsm_request() does not make. Without the length.
Result<HsmRequest> parse_hsm_request(ByteView message);

struct HsmAnswer {
  std::optional<HsmFault> fault;  // nullopt: done
  std::uint64_t module_answer = 0;
  SecretBytes output;
};
SecretBytes write_hsm_answer(const HsmAnswer& answer);
Result<HsmAnswer> parse_hsm_answer(ByteView message);

}  // namespace kagimori
