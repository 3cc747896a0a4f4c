#pragma once

#include <span>
#include <string>
#include <string_view>

#include "protocol/sigv4.h"

namespace kagimori {

// The canonical request (IAM User Guide, "Create a signed AWS API request", step 1), piece by piece. Total: any bytes
// have a canonical form; what may not be signed is refused by parse_sigv4.

// Appends the path as every service but S3 wants it: "." and ".." and doubled slashes resolved, then each segment
// encoded once more on top of the form it was sent in. An empty path is "/".
void append_canonical_path(std::string& out, std::string_view path);

// Appends the parameters in one spelling, sorted by name, then by value. `+` means a space, as it does to those who
// read the query. Leaves X-Amz-Signature out when the request is presigned.
void append_canonical_query(std::string& out, std::string_view query, bool presigned, SigV4Scratch& scratch);

// Appends "name:value\n" for each name of the list: values trimmed, runs of blanks collapsed, values of headers that
// come more than once joined by commas in the order received.
void append_canonical_headers(std::string& out, std::string_view signed_headers, std::span<const HeaderView> headers);

// All of it. `payload_hash` is the hexadecimal SHA-256 of the body.
void build_canonical_request(SigV4Scratch& scratch, const SigV4Evidence& evidence, const SigV4Request& request,
                             std::string_view payload_hash);

}  // namespace kagimori
