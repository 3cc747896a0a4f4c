#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kagimori {

// A POST that the server itself makes over HTTPS. No redirect is followed.
struct OutgoingRequest {
  std::string url;
  std::vector<std::string> headers;  // "name: value"
  std::string body;
  std::string connections;            // whose kept connections to use: requests of one name share them
  std::chrono::milliseconds limit{};  // from the first packet to the last byte
};

struct OutgoingAnswer {
  enum class Failure : std::uint8_t { kNone, kUnreachable, kTimedOut, kTls, kTooLarge };
  Failure failure = Failure::kNone;
  long status = 0;  // of HTTP, when nothing failed
  std::string body;
};

// How requests leave the server. Any thread; blocks the caller for at most the limit.
class OutgoingHttp {
 public:
  virtual ~OutgoingHttp() = default;
  virtual OutgoingAnswer post(const OutgoingRequest& request) = 0;
  // Closes what is kept for a name that is not used any more.
  virtual void forget(const std::string& connections) = 0;
};

}  // namespace kagimori
