#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

struct FormField {
  std::string name;
  std::string value;
};

struct FormLimits {
  std::size_t max_bytes = 512 << 10;
  std::size_t max_fields = 1'000;
  std::size_t max_name_bytes = 256;
};

// An application/x-www-form-urlencoded text (the AWS Query protocol of IAM and STS), decoded. Immutable.
class Form {
 public:
  // Strict: every field has a name and an equals sign, escapes are whole, names and values are UTF-8, no name comes
  // twice. An empty text is an empty form. kSerialization otherwise; the sentence names no value.
  static Result<Form> parse(std::string_view text, const FormLimits& limits = {});

  // The value of that name; nullopt when there is none. Valid as long as the form.
  std::optional<std::string_view> get(std::string_view name) const;
  // In the order of the text.
  const std::vector<FormField>& fields() const { return fields_; }

 private:
  Status sort_names();

  std::vector<FormField> fields_;
  std::vector<std::uint32_t> by_name_;  // indices into fields_, sorted by name
};

}  // namespace kagimori
