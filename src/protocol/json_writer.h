#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"

namespace kagimori {

// Appends RFC 8259 text to a string. The caller nests begin and end rightly and gives every member a key; commas are
// set here. Text must be valid UTF-8. When secrets are written the caller reserves `out` beforehand (growing would
// leave copies behind) and wipes it after sending.
//   JsonWriter(out).begin_object().member("KeyId", id).key("Plaintext").base64(data_key).end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& null();
  JsonWriter& boolean(bool value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& string(std::string_view value);
  JsonWriter& base64(ByteView bytes);
  JsonWriter& base64(const SecretBytes& secret) { return base64(secret.expose()); }
  // Epoch seconds as AWS JSON has them: down to milliseconds (rounded down), no exponent, no trailing zeros.
  JsonWriter& timestamp(Timestamp t);
  // Appends text that is a JSON value already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  // Without this overload a literal would turn into a bool.
  JsonWriter& member(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, int value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, Timestamp value) { return key(name).timestamp(value); }
  JsonWriter& member(std::string_view name, ByteView value) { return key(name).base64(value); }
  JsonWriter& member(std::string_view name, const SecretBytes& value) { return key(name).base64(value); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();  // the comma before a value or key, where one is due

  std::string& out_;
  bool comma_ = false;
};

}  // namespace kagimori
