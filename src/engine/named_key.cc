#include "engine/named_key.h"

namespace kagimori {

Result<KeyReference> parse_named_key(const Trail& trail, std::string_view text) {
  auto reference = parse_key_reference(text);
  if (reference || reference.error().code != ErrorCode::kInvalidArn) return reference;
  const auto operation = kms_operation_by_name(trail.operation());
  if (operation && !kms_operation_info(*operation).invalid_arn) {
    return fail(ErrorCode::kNotFound, std::move(reference).error().message);
  }
  return reference;
}

}  // namespace kagimori
