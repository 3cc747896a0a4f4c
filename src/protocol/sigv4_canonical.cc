#include "protocol/sigv4_canonical.h"

#include <algorithm>

#include "protocol/header_text.h"
#include "protocol/percent.h"

namespace kagimori {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void append_collapsed(std::string& out, std::string_view value) {
  bool gap = false;
  for (const char c : trim_blanks(value)) {
    if (is_blank(c)) {
      gap = true;
      continue;
    }
    if (gap) out.push_back(' ');
    gap = false;
    out.push_back(c);
  }
}

// Removes the last segment of the path that starts at `begin`, with the slash before it.
void pop_segment(std::string& out, std::size_t begin) {
  const std::size_t slash = out.rfind('/');
  if (slash != std::string::npos && slash >= begin) out.resize(slash);
}

std::string_view append_normalised(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  percent_normalise(out, text);
  return std::string_view(out).substr(begin);
}

}  // namespace

void append_canonical_path(std::string& out, std::string_view path) {
  const std::size_t begin = out.size();
  const bool trailing_slash = !path.empty() && path.back() == '/';
  while (!path.empty()) {
    const std::string_view segment = take_until(path, '/');
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      pop_segment(out, begin);
      continue;
    }
    out.push_back('/');
    percent_encode(out, segment);
  }
  if (trailing_slash || out.size() == begin) out.push_back('/');
}

void append_canonical_query(std::string& out, std::string_view query, bool presigned, SigV4Scratch& scratch) {
  if (query.empty()) return;
  scratch.encoded.clear();
  scratch.encoded.reserve(3 * query.size());  // never grows below, so that the views into it hold
  scratch.parameters.clear();
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    if (value.empty()) continue;
    const std::string_view name = append_normalised(scratch.encoded, take_until(value, '='));
    if (presigned && name == "X-Amz-Signature") continue;
    scratch.parameters.emplace_back(name, append_normalised(scratch.encoded, value));
  }
  std::sort(scratch.parameters.begin(), scratch.parameters.end());
  bool first = true;
  for (const auto& [name, value] : scratch.parameters) {
    if (!first) out.push_back('&');
    first = false;
    out.append(name).push_back('=');
    out.append(value);
  }
}

void append_canonical_headers(std::string& out, std::string_view signed_headers, std::span<const HeaderView> headers) {
  while (!signed_headers.empty()) {
    const std::string_view name = take_until(signed_headers, ';');
    out.append(name).push_back(':');
    bool first = true;
    for (const HeaderView& header : headers) {
      if (!equals_ignoring_case(header.name, name)) continue;
      if (!first) out.push_back(',');
      first = false;
      append_collapsed(out, header.value);
    }
    out.push_back('\n');
  }
}

void build_canonical_request(SigV4Scratch& scratch, const SigV4Evidence& evidence, const SigV4Request& request,
                             std::string_view payload_hash) {
  std::string& out = scratch.canonical;
  out.clear();
  out.append(request.method).push_back('\n');
  append_canonical_path(out, request.path);
  out.push_back('\n');
  append_canonical_query(out, request.query, evidence.presigned, scratch);
  out.push_back('\n');
  append_canonical_headers(out, evidence.signed_headers, request.headers);
  out.push_back('\n');
  out.append(evidence.signed_headers).push_back('\n');
  out.append(payload_hash);
}

}  // namespace kagimori
