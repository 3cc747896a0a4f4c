#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace kagimori::cli {

// The commands that are clients of a running server. They find it and their credentials in the AWS_* variables
// (client/settings.h), print a table for people or, with `json`, AWS's own members for programs, and return an error
// whose sentence main() prints. A secret is printed by the command that made it, and never again.

struct ClientOptions {
  std::string endpoint;  // empty: the environment tells
  bool json = false;
};

Status create_user(const ClientOptions& options, const std::string& name, const std::string& path);
Status list_users(const ClientOptions& options);
Status show_user(const ClientOptions& options, const std::string& name);
Status delete_user(const ClientOptions& options, const std::string& name);

// `file`: "-" is standard input.
Status put_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy,
                       const std::filesystem::path& file);
Status get_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy);
Status list_user_policies(const ClientOptions& options, const std::string& user);
Status delete_user_policy(const ClientOptions& options, const std::string& user, const std::string& policy);

// An empty `user` means the one whose credentials are used.
Status create_access_key(const ClientOptions& options, const std::string& user);
Status list_access_keys(const ClientOptions& options, const std::string& user);
Status set_access_key(const ClientOptions& options, const std::string& user, const std::string& id, bool active);
Status delete_access_key(const ClientOptions& options, const std::string& user, const std::string& id);

// An empty `id` asks for a random account number.
Status create_account(const ClientOptions& options, const std::string& name, const std::string& id);
Status list_accounts(const ClientOptions& options);

// Wraps the key material in `file` and imports it into `key`: 32 bytes or an HMAC key as they are, in hexadecimal or
// base64 (`form`: raw, hex or base64; empty: what it looks like); a private key in PEM or DER, whose passphrase comes
// from a file, or is asked for where there is a terminal.
struct ImportOptions {
  std::string key;  // id, ARN or alias
  std::filesystem::path file, passphrase_file;
  std::string form;
  std::string expires;  // a day; empty: never
  bool is_new = false;  // further material of a symmetric key
  std::string description;
};
Status import_key(const ClientOptions& options, const ImportOptions& import);

}  // namespace kagimori::cli
