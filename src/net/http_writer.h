#pragma once

#include <string_view>

#include "net/buffer.h"
#include "net/http_message.h"

namespace kagimori {

// How one answer goes onto its connection.
struct HttpAnswerForm {
  bool head_only = false;  // the request was HEAD: the headers tell the body's size, the body stays away
  bool close = false;      // says `Connection: close`
};

// Appends a response (RFC 9112 sections 4 to 6) to `out`; false if `out` can't hold it, and then nothing was appended.
[[nodiscard]] bool append_http_response(Buffer& out, const HttpResponse& response, HttpAnswerForm form,
                                        std::string_view date);

inline constexpr std::string_view kHttpContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace kagimori
