#pragma once

#include <string_view>

#include "base/bytes.h"

namespace kagimori {

// The DER of the only certificate in a text (RFC 7468 section 5); text before and after it is left aside. kValidation
// when there is none, more than one, or what is between the marks is no base64. Whether that is a certificate is not
// looked at.
Result<Bytes> pem_certificate(std::string_view text);

}  // namespace kagimori
