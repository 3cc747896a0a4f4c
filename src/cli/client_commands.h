#pragma once

#include <cstdint>
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

// Who used a key: id, ARN or alias. `version` 0: all.
struct KeyUsageOptions {
  std::string key;
  std::uint32_t version = 0;
};
Status show_key_usage(const ClientOptions& options, const KeyUsageOptions& usage);
// What would break without the key.
Status show_blast_radius(const ClientOptions& options, const std::string& key);

// How much each version of a key may protect; a maximum of 0 is none.
struct KeyLimitOptions {
  std::string key;  // id or ARN
  std::uint64_t maximum_uses = 0, maximum_bytes = 0;
  std::uint16_t warning_percent = 80;
  bool rotates = false;
};
Status set_key_limit(const ClientOptions& options, const KeyLimitOptions& limit);
Status show_key_limit(const ClientOptions& options, const std::string& key);
Status remove_key_limit(const ClientOptions& options, const std::string& key);

}  // namespace kagimori::cli
