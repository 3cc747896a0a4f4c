#include "hsm/message.h"

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

// Fills secret memory from front to back; the size has been reckoned before.
class SecretWriter {
 public:
  // `size` is that of the message without its length, which stands in front.
  explicit SecretWriter(std::size_t size) : bytes_(kHsmLengthSize + size) { u32(size); }

  SecretWriter& u8(std::uint8_t v) {
    bytes_.expose_mutable()[used_++] = v;
    return *this;
  }
  SecretWriter& u32(std::size_t v) { return big_endian(v, 4); }
  SecretWriter& u64(std::uint64_t v) { return big_endian(v, 8); }
  SecretWriter& raw(ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.expose_mutable().begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += bytes.size();
    return *this;
  }
  SecretWriter& sized(ByteView bytes) { return u32(bytes.size()).raw(bytes); }
  SecretBytes take() && { return std::move(bytes_); }

 private:
  SecretWriter& big_endian(std::uint64_t v, std::size_t size) {
    for (std::size_t i = size; i > 0; --i) u8(static_cast<std::uint8_t>(v >> (8 * (i - 1))));
    return *this;
  }

  SecretBytes bytes_;
  std::size_t used_ = 0;
};

constexpr std::size_t kRequestHead = 1 + 4 + 4;
constexpr std::size_t kAnswerHead = 1 + 8;

std::array<ByteView, 5> parts_of(const HsmRequest& request) {
  return {request.password, request.key_id, request.label, request.additional_data, request.input};
}

Result<HsmRequest> read_request(ByteReader& in) {
  HsmRequest request;
  TRY_ASSIGN(const std::uint8_t operation, in.u8());
  if (operation < static_cast<std::uint8_t>(HsmOperation::kLogIn) ||
      operation > static_cast<std::uint8_t>(HsmOperation::kRandom)) {
    return fail(ErrorCode::kCorrupt, "A request to a session host names no operation.");
  }
  request.operation = static_cast<HsmOperation>(operation);
  TRY_ASSIGN(request.limit_ms, in.u32());
  TRY_ASSIGN(request.random_size, in.u32());
  for (ByteView* const part :
       {&request.password, &request.key_id, &request.label, &request.additional_data, &request.input}) {
    TRY_ASSIGN(*part, in.sized());
  }
  TRY(in.expect_end());
  return request;
}

}  // namespace

SecretBytes write_hsm_request(const HsmRequest& request) {
  std::size_t size = kRequestHead;
  for (const ByteView part : parts_of(request)) size += 4 + part.size();
  if (size > kMaxHsmMessage) return {};
  SecretWriter out(size);
  out.u8(static_cast<std::uint8_t>(request.operation)).u32(request.limit_ms).u32(request.random_size);
  for (const ByteView part : parts_of(request)) out.sized(part);
  return std::move(out).take();
}

Result<HsmRequest> parse_hsm_request(ByteView message) {
  ByteReader in(message);
  return read_request(in);
}

SecretBytes write_hsm_answer(const HsmAnswer& answer) {
  SecretWriter out(kAnswerHead + answer.output.size());
  out.u8(answer.fault ? static_cast<std::uint8_t>(1 + static_cast<std::uint8_t>(*answer.fault)) : 0);
  out.u64(answer.module_answer).raw(answer.output.expose());
  return std::move(out).take();
}

Result<HsmAnswer> parse_hsm_answer(ByteView message) {
  ByteReader in(message);
  HsmAnswer answer;
  TRY_ASSIGN(const std::uint8_t fault, in.u8());
  TRY_ASSIGN(answer.module_answer, in.u64());
  if (fault > 1 + static_cast<std::uint8_t>(HsmFault::kRefused)) {
    return fail(ErrorCode::kCorrupt, "An answer of a session host names no fault that there is.");
  }
  if (fault != 0) answer.fault = static_cast<HsmFault>(fault - 1);
  TRY_ASSIGN(const ByteView output, in.take(in.remaining()));
  answer.output = SecretBytes::copy_of(output);
  return answer;
}

}  // namespace kagimori
