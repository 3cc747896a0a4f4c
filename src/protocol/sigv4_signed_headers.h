#pragma once

#include "protocol/sigv4.h"

namespace kagimori {

// The rules on which headers a signature must cover: the last step of parse_sigv4.

// kIncompleteSignature unless the list is lower case, sorted, without duplicates and of at most 128 names.
Status check_signed_list(std::string_view list);

// kInvalidSignature unless the evidence's list names host, the date (header form: x-amz-date, or Date where
// `dated_by_date`) and every x-amz-* header of the request, and nothing that the request lacks.
Status check_signed_headers(const SigV4Evidence& evidence, std::span<const HeaderView> headers, bool dated_by_date);

}  // namespace kagimori
