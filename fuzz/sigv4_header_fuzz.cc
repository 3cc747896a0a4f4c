#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "crypto/context.h"
#include "protocol/header_text.h"
#include "protocol/sigv4.h"

// A request as text: "METHOD path?query", header lines "name:value", an empty line, the body. Whatever parses is
// checked and its signature computed; paths and queries are canonicalised even where the rest doesn't parse.

using namespace kagimori;

namespace {

struct Worker {
  std::unique_ptr<CryptoContext> crypto = *CryptoContext::create();
  SigV4Scratch scratch;
  std::vector<HeaderView> headers;
};

void require(bool holds) {
  if (!holds) std::abort();
}

SigV4Request read_request(std::string_view text, std::vector<HeaderView>& headers) {
  SigV4Request request;
  std::string_view target = take_until(text, '\n');
  request.method = take_until(target, ' ');
  request.path = take_until(target, '?');
  request.query = target;
  headers.clear();
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (line.empty()) break;
    const std::string_view name = take_until(line, ':');
    headers.push_back({name, line});
  }
  request.headers = headers;
  request.body = as_bytes(text);
  return request;
}

void check_evidence(const SigV4Evidence& evidence) {
  require(!evidence.access_key_id.empty() && evidence.access_key_id.size() <= 128);
  require(!evidence.signed_headers.empty());
  require(evidence.presigned || evidence.expires_seconds == 0);
  require(!evidence.presigned || evidence.expires_seconds != 0 || evidence.service == "sts");
  require(evidence.time.micros >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Worker& worker = *new Worker;
  const SigV4Request request = read_request(as_text({data, size}), worker.headers);
  const std::array<std::uint8_t, 32> key{};
  std::array<std::uint8_t, 32> signature{};

  Result<SigV4Evidence> parsed = parse_sigv4(request);
  if (!parsed) {
    require(!parsed.error().message.empty());
    compute_signature(*worker.crypto, SigV4Evidence{}, request, key, worker.scratch, signature);
    return 0;
  }
  const SigV4Evidence evidence = std::move(*parsed);
  check_evidence(evidence);
  (void)check_scope(evidence, "us-east-1", "kms");
  (void)check_time(evidence, Timestamp::from_seconds(1'795'341'078));
  compute_signature(*worker.crypto, evidence, request, key, worker.scratch, signature);
  const bool right = signature == evidence.signature;
  const Status verified = verify_sigv4(*worker.crypto, evidence, request, key, worker.scratch);
  require(right || !verified);
  return 0;
}
