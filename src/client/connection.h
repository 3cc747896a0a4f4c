#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "client/settings.h"

namespace kagimori {

// An answer of the server. Its body may hold a secret: it is overwritten when this goes.
struct ServiceAnswer {
  ServiceAnswer() = default;
  ServiceAnswer(ServiceAnswer&&) noexcept = default;
  ServiceAnswer& operator=(ServiceAnswer&&) noexcept = default;
  ~ServiceAnswer();

  long status = 0;
  std::string body;
};

// The way to one server, kept open between requests. One thread.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> create(ClientSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Signs and sends POST / to a service ("kms", "iam"). `target` is the X-Amz-Target of JSON 1.1, empty for the Query
  // protocol. An answer of any status is a success here. kIo when nobody answers, the certificate does not fit or the
  // answer breaks off: the sentence says which and what to do.
  Result<ServiceAnswer> post(std::string_view service, std::string_view target, std::string_view body);

 private:
  struct Parts;
  explicit Connection(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kagimori
