#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/connection.h"

namespace kagimori {

// What an import of key material needs of AWS KMS (API reference, operations of the same names). Errors: Connection's,
// and refusal()'s. One thread.
class Kms {
 public:
  explicit Kms(Connection& connection) : connection_(connection) {}

  struct KeySummary {
    std::string key_id, arn, spec, usage, origin, state;
  };
  Result<KeySummary> describe_key(std::string_view key);

  struct ImportParameters {
    std::string token;  // base64, as it goes back
    Bytes public_key;   // SubjectPublicKeyInfo in DER
  };
  Result<ImportParameters> get_parameters_for_import(std::string_view key_id, std::string_view wrapping_algorithm,
                                                     std::string_view wrapping_key_spec);

  struct Import {
    std::string_view key_id, token;
    ByteView wrapped;
    std::optional<Timestamp> valid_to;  // nullopt: the material does not expire
    bool is_new = false;                // NEW_KEY_MATERIAL; else the server decides
    std::string_view description;
  };
  // The id of the material.
  Result<std::string> import_key_material(const Import& import);

 private:
  Connection& connection_;
};

}  // namespace kagimori
