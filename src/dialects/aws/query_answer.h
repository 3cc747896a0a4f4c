#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "protocol/xml_writer.h"

namespace kagimori::aws {

// The whole XML document that answers an operation of the Query protocol: <OperationResponse> around
// <OperationResult>, which `write_result` fills, and <ResponseMetadata>. Without `write_result` there is no result
// element, as for operations that answer nothing.
std::string query_answer(std::string_view xml_namespace, std::string_view operation, const std::string& request_id,
                         const std::function<void(XmlWriter&)>& write_result = nullptr);

}  // namespace kagimori::aws
