#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/server_session.h"
#include "cli/text_table.h"
#include "client/iam.h"
#include "protocol/json_writer.h"
#include "server/data_folder.h"

namespace kagimori::cli {
namespace {

Result<std::string> read_document(const std::filesystem::path& file) {
  if (file != "-") return read_small_file(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

}  // namespace

Status put_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy,
                       const std::filesystem::path& file) {
  TRY_ASSIGN(const std::string document, read_document(file));
  if (document.empty()) {
    return fail(ErrorCode::kValidation, fmt::format("{} is empty. It must hold a policy in JSON.", file.string()));
  }
  TRY_ASSIGN(const auto connection, connect(options));
  TRY(Iam(*connection).put_policy(user, policy, document));
  return print(options.json ? "{}\n" : fmt::format("The policy {} of user {} is in force.\n", policy, user));
}

Status get_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const std::string document, Iam(*connection).get_policy(user, policy));
  if (!options.json) {
    return print(document + "\n");
  }
  std::string out;
  JsonWriter(out)
      .begin_object()
      .member("UserName", user)
      .member("PolicyName", policy)
      .key("PolicyDocument")
      .raw(document)
      .end_object();
  return print(out + "\n");
}

Status list_user_policies(const ClientOptions& options, const std::string& user) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const std::vector<std::string> names, Iam(*connection).list_policies(user));
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("PolicyNames").begin_array();
    for (const std::string& name : names) json.string(name);
    json.end_array().end_object();
    return print(out + "\n");
  }
  TextTable table({"POLICY"});
  for (const std::string& name : names) table.add({name});
  return print(table.text(fmt::format("The user {} has no policies.", user)));
}

Status delete_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY(Iam(*connection).delete_policy(user, policy));
  return print(options.json ? "{}\n" : fmt::format("Deleted the policy {} of user {}.\n", policy, user));
}

}  // namespace kagimori::cli
