#include "audit/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace kagimori::audit {
namespace {

tl::unexpected<Error> no_checkpoint(std::string_view why) {
  return fail(ErrorCode::kValidation, fmt::format("This is no checkpoint of an audit log: {}.", why));
}

}  // namespace

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, base64_encode(checkpoint.root));
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  if (!text.ends_with('\n')) return no_checkpoint("it is cut off");
  Checkpoint checkpoint;
  checkpoint.origin = take_line(text);
  if (checkpoint.origin.empty()) return no_checkpoint("it names no origin");
  const Result<std::uint64_t> size = parse_size(take_line(text));
  if (!size) return no_checkpoint("its size is no number");
  checkpoint.size = *size;
  const Result<Bytes> root = base64_decode(take_line(text));
  if (!root || root->size() != checkpoint.root.size()) return no_checkpoint("its root is not the base64 of 32 bytes");
  std::ranges::copy(*root, checkpoint.root.begin());
  return checkpoint;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (text.empty() || error != std::errc() || stop != end || leading_zero) {
    return fail(ErrorCode::kValidation, "A number is written in decimal digits, without leading zeros.");
  }
  return size;
}

}  // namespace kagimori::audit
