#include "dialects/aws/query_answer.h"

namespace kagimori::aws {
namespace {

// More than an answer with a secret access key has: growing would leave copies of it behind.
constexpr std::size_t kReserved = 2'048;

}  // namespace

std::string query_answer(std::string_view xml_namespace, std::string_view operation, const std::string& request_id,
                         const std::function<void(XmlWriter&)>& write_result) {
  const std::string response = std::string(operation) + "Response";
  const std::string result = std::string(operation) + "Result";
  std::string body;
  body.reserve(kReserved);
  XmlWriter xml(body);
  xml.begin(response, xml_namespace);
  if (write_result) {
    xml.begin(result);
    write_result(xml);
    xml.end(result);
  }
  xml.begin("ResponseMetadata").element("RequestId", request_id).end("ResponseMetadata").end(response);
  return body;
}

}  // namespace kagimori::aws
