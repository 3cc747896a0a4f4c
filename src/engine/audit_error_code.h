#pragma once

#include <string_view>

#include "base/error.h"

namespace kagimori {

// CloudTrail's errorCode of an error, whatever the dialect: "AccessDenied", and elsewhere the name of the exception in
// AWS's model, "NotFoundException". All of the house's own trouble is "KMSInternalException"; errorMessage tells more.
// Source: AWS CloudTrail user guide, "CloudTrail record contents".
std::string_view audit_error_code(ErrorCode code);

}  // namespace kagimori
