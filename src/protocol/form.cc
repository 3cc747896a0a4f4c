#include "protocol/form.h"

#include <algorithm>
#include <numeric>

#include "base/encoding.h"
#include "protocol/header_text.h"
#include "protocol/percent.h"

namespace kagimori {
namespace {

tl::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::kSerialization, std::move(sentence)); }

Result<FormField> parse_field(std::string_view text, const FormLimits& limits) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return refuse("The form holds a field without a name or an equals sign.");
  }
  if (!has_whole_escapes(text)) return refuse("The form holds a malformed percent escape.");
  FormField field;
  form_decode(field.name, text.substr(0, equals));
  form_decode(field.value, text.substr(equals + 1));
  if (field.name.size() > limits.max_name_bytes) return refuse("The form holds a field name that is too long.");
  if (!is_valid_utf8(field.name) || !is_valid_utf8(field.value)) return refuse("The form is not valid UTF-8.");
  return field;
}

}  // namespace

Result<Form> Form::parse(std::string_view text, const FormLimits& limits) {
  if (text.size() > limits.max_bytes) return refuse("The form is too large.");
  Form form;
  if (text.empty()) return form;
  if (text.back() == '&') return refuse("The form ends with an ampersand.");
  while (!text.empty()) {
    if (form.fields_.size() >= limits.max_fields) return refuse("The form holds too many fields.");
    TRY_ASSIGN(FormField field, parse_field(take_until(text, '&'), limits));
    form.fields_.push_back(std::move(field));
  }
  TRY(form.sort_names());
  return form;
}

Status Form::sort_names() {
  by_name_.resize(fields_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::uint32_t{0});
  const auto name_of = [this](std::uint32_t i) -> std::string_view { return fields_[i].name; };
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return name_of(a) < name_of(b); });
  const auto twin = std::adjacent_find(by_name_.begin(), by_name_.end(),
                                       [&](std::uint32_t a, std::uint32_t b) { return name_of(a) == name_of(b); });
  if (twin == by_name_.end()) return {};
  return refuse("The form has the field '" + quotable(name_of(*twin)) + "' more than once.");
}

std::optional<std::string_view> Form::get(std::string_view name) const {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [this](std::uint32_t i, std::string_view key) { return fields_[i].name < key; });
  if (at == by_name_.end() || fields_[*at].name != name) return std::nullopt;
  return fields_[*at].value;
}

}  // namespace kagimori
