#include "net/http_message.h"

#include <strings.h>

#include <utility>

namespace kagimori {

const HttpHeader* HttpRequest::find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name.size() == name.size() && strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return &header;
    }
  }
  return nullptr;
}

std::string_view HttpRequest::header(std::string_view name) const {
  const HttpHeader* found = find(name);
  return found == nullptr ? std::string_view() : found->value;
}

HttpResponse plain_answer(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

}  // namespace kagimori
