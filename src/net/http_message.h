#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kagimori {

// One header line of a request; the name as the client wrote it, the value without white space around it.
struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

// Who is at the other end of a connection.
struct HttpPeer {
  std::string_view address;  // "192.0.2.1", "2001:db8::1", or "unix"
  bool is_loopback = false;  // 127.0.0.0/8 or ::1
  bool is_unix = false;      // came through a Unix socket
};

// The TLS of a connection; both empty without TLS.
struct HttpTlsInfo {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;   // "TLS_AES_256_GCM_SHA384"
};

// One complete request. Everything is a view into the connection's memory: it stays valid and unmoved until the answer
// has been given (more exactly: until the call in which HttpWorker::respond() was made has returned to the loop), also
// when the client goes away meanwhile. Then the memory is wiped.
struct HttpRequest {
  // Readable bytes behind the end of `body`, whatever they hold (simdjson asks for them).
  static constexpr std::size_t kBodyPadding = 64;

  std::string_view method;
  std::string_view target;  // origin-form, as sent: path and query
  std::string_view path;    // up to the first '?', not decoded
  std::string_view query;   // behind the first '?', not decoded; empty without one
  std::span<const HttpHeader> headers;
  std::string_view body;  // chunks already joined

  HttpPeer peer;
  HttpTlsInfo tls;
  std::size_t listener = 0;  // ListenerConfig::index of the listener that the connection came through
  bool over_rate = false;    // the source has used up its requests a second: refuse in the dialect's own form

  // The first header of that name, compared without regard to case; null if there is none.
  const HttpHeader* find(std::string_view name) const;
  // Its value, or an empty view.
  std::string_view header(std::string_view name) const;
};

// An answer. Content-Length, Date and Connection are written by net; `headers` must not repeat them.
struct HttpResponse {
  struct Header {
    std::string name;
    std::string value;  // control characters are written as spaces
  };

  int status = 200;
  std::string content_type{};  // none if empty
  std::vector<Header> headers{};
  std::string body{};  // wiped once it has been copied to the connection's output
  bool close = false;  // close the connection behind this answer
  // Names the answer to HttpHandler::instead_of() should it not go out; 0: it goes out in any case.
  std::size_t mark = 0;
};

// One in text, for people.
HttpResponse plain_answer(int status, std::string body);

// Names one request to HttpWorker::respond(). Copies freely; one whose request has been answered is ignored.
struct ResponseToken {
  std::uint64_t serial = 0;
  std::uint32_t slot = 0;
  std::uint32_t worker = 0;  // the worker whose thread must answer
};

}  // namespace kagimori
