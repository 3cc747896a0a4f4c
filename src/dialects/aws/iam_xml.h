#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "protocol/percent.h"
#include "protocol/xml_writer.h"

namespace kagimori::aws {

// Pieces of IAM's answers (AWS IAM API reference, "Data types"). Lists leave tags and boundaries out.

enum class Detail { kWhole, kListed };

void write_tags(XmlWriter& xml, const std::vector<Tag>& tags);
void write_user(XmlWriter& xml, const User& user, std::string_view element, Detail detail);
void write_role(XmlWriter& xml, const Role& role, std::string_view element, Detail detail);
void write_group(XmlWriter& xml, const Group& group, std::string_view element);
void write_policy(XmlWriter& xml, const ManagedPolicy& policy, std::string_view element, Detail detail);

// As IAM writes policies: percent-encoded.
inline std::string encoded_policy(std::string_view text) {
  std::string encoded;
  percent_encode(encoded, text);
  return encoded;
}

}  // namespace kagimori::aws
