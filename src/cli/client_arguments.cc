#include "cli/arguments.h"

namespace kagimori::cli {
namespace {

CLI::App* add_client(CLI::App* parent, Arguments& arguments, const std::string& name, const std::string& what,
                     std::function<Status()> run) {
  CLI::App* const command = add(parent, arguments, name, what, std::move(run));
  command->add_option("--endpoint", arguments.client.endpoint, "The server, instead of AWS_ENDPOINT_URL");
  command->add_flag("--json", arguments.client.json, "Print JSON, for programs");
  return command;
}

void add_user(CLI::App* command, Arguments& arguments) {
  command->add_option("user", arguments.user, "The user's name")->required();
}

void add_user_policy_commands(CLI::App* user, Arguments& a) {
  CLI::App* const group = add_group(user, "policy", "Inline policies of a user: what it may do");
  const auto add_names = [&a](CLI::App* command) {
    add_user(command, a);
    command->add_option("policy", a.policy, "The policy's name")->required();
  };
  CLI::App* const put = add_client(group, a, "put", "Make or replace a policy",
                                   [&a] { return put_user_policy(a.client, a.user, a.policy, a.policy_file); });
  add_names(put);
  put->add_option("--file", a.policy_file, "The policy in JSON; - is standard input")
      ->required()
      ->check(refuse_empty_path);
  put->footer("Example:\n  kagimori user policy put alice use-keys --file policy.json");
  add_names(
      add_client(group, a, "get", "Print a policy", [&a] { return get_user_policy(a.client, a.user, a.policy); }));
  add_user(
      add_client(group, a, "list", "List a user's policies", [&a] { return list_user_policies(a.client, a.user); }), a);
  add_names(add_client(group, a, "delete", "Delete a policy",
                       [&a] { return delete_user_policy(a.client, a.user, a.policy); }));
}

void add_user_commands(CLI::App* app, Arguments& a) {
  CLI::App* const group = add_group(app, "user", "Users of the account, on a running server");
  group->footer("The server and the credentials are those of the AWS_* variables; `. var/env` sets them.");
  CLI::App* const create =
      add_client(group, a, "create", "Make a user", [&a] { return create_user(a.client, a.user, a.path); });
  add_user(create, a);
  create->add_option("--path", a.path, "The path of its ARN")->capture_default_str();
  create->footer("Example:\n  kagimori user create alice");
  add_client(group, a, "list", "List the users", [&a] { return list_users(a.client); });
  add_user(add_client(group, a, "show", "Show a user, its policies and access keys",
                      [&a] { return show_user(a.client, a.user); }),
           a);
  add_user(add_client(group, a, "delete", "Delete a user without policies and access keys",
                      [&a] { return delete_user(a.client, a.user); }),
           a);
  add_user_policy_commands(group, a);
}

void add_access_key_commands(CLI::App* app, Arguments& a) {
  CLI::App* const group = add_group(app, "access-key", "Access keys, on a running server");
  const auto add_owner = [&a](CLI::App* command) {
    command->add_option("--user", a.user, "The user; without it, the one who asks");
    return command;
  };
  const auto add_key = [&a, &add_owner](CLI::App* command) {
    add_owner(command)->add_option("id", a.access_key, "The access key id")->required();
  };
  add_owner(add_client(group, a, "create", "Make an access key and print its secret, this once", [&a] {
    return create_access_key(a.client, a.user);
  }))->footer("Example:\n  kagimori access-key create --user alice");
  add_owner(add_client(group, a, "list", "List access keys", [&a] { return list_access_keys(a.client, a.user); }));
  add_key(add_client(group, a, "enable", "Let an access key be used again",
                     [&a] { return set_access_key(a.client, a.user, a.access_key, true); }));
  add_key(add_client(group, a, "disable", "Let an access key not be used for now",
                     [&a] { return set_access_key(a.client, a.user, a.access_key, false); }));
  add_key(add_client(group, a, "delete", "Delete an access key",
                     [&a] { return delete_access_key(a.client, a.user, a.access_key); }));
}

void add_account_commands(CLI::App* app, Arguments& a) {
  CLI::App* const group = add_group(app, "account", "Accounts, on a running server; for its operators");
  CLI::App* const create = add_client(group, a, "create", "Make an account and an access key of its root user",
                                      [&a] { return create_account(a.client, a.account_name, a.account_id); });
  create->add_option("name", a.account_name, "The account's name")->required();
  create->add_option("--id", a.account_id, "Its number, 12 digits; without it, a random one");
  create->footer("Example:\n  kagimori account create billing");
  add_client(group, a, "list", "List the accounts", [&a] { return list_accounts(a.client); });
}

void add_key_usage_commands(CLI::App* group, Arguments& a) {
  CLI::App* const usage = add_client(group, a, "usage", "Show who has used a key, how often and when",
                                     [&a] { return show_key_usage(a.client, a.key_usage); });
  usage->add_option("key", a.key_usage.key, "The key: id, ARN or alias")->required();
  usage->add_option("--key-version", a.key_usage.version, "Only this version of it");
  usage->footer(
      "Examples:\n  kagimori key usage alias/billing\n"
      "  kagimori key usage alias/billing --key-version 3    # who still uses version 3?");

  CLI::App* const radius = add_client(group, a, "blast-radius", "Show what would break without a key",
                                      [&a] { return show_blast_radius(a.client, a.key_usage.key); });
  radius->add_option("key", a.key_usage.key, "The key: id, ARN or alias")->required();
  radius->footer("Example:\n  kagimori key blast-radius alias/billing");
}

void add_key_limit_commands(CLI::App* parent, Arguments& a) {
  CLI::App* const group = add_group(parent, "limit", "How much each version of a key may protect");
  const auto add_key = [&a](CLI::App* command) {
    command->add_option("key", a.key_limit.key, "The key: id or ARN")->required();
  };
  CLI::App* const set =
      add_client(group, a, "set", "Set a maximum", [&a] { return set_key_limit(a.client, a.key_limit); });
  add_key(set);
  CLI::App* const maximum = set->add_option_group("maximum")->require_option(1, 2);
  maximum->add_option("--uses", a.key_limit.maximum_uses, "So many uses")->check(CLI::PositiveNumber);
  maximum->add_option("--bytes", a.key_limit.maximum_bytes, "So many bytes, or 10GiB, 500MiB, ...")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber);
  set->add_option("--warn-at", a.key_limit.warning_percent, "Raise an alarm at so many percent")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  set->add_flag("--rotate", a.key_limit.rotates, "Rotate the key then, instead of raising an alarm");
  set->footer(
      "What protects counts: Encrypt, GenerateDataKey*, ReEncrypt to the key, Sign, GenerateMac, Encapsulate.\n"
      "Example:\n  kagimori key limit set 1234abcd-12ab-34cd-56ef-1234567890ab --uses 1000000 --rotate");
  add_key(add_client(group, a, "show", "Show a maximum", [&a] { return show_key_limit(a.client, a.key_limit.key); }));
  add_key(
      add_client(group, a, "remove", "Remove a maximum", [&a] { return remove_key_limit(a.client, a.key_limit.key); }));
}

void add_key_commands(CLI::App* app, Arguments& a) {
  CLI::App* const group = add_group(app, "key", "Keys of the account, on a running server");
  CLI::App* const import = add_client(group, a, "import", "Import key material into a key of Origin EXTERNAL",
                                      [&a] { return import_key(a.client, a.import); });
  import->add_option("key", a.import.key, "The key: id, ARN or alias")->required();
  import->add_option("--in", a.import.file, "The key material, or the private key in PEM or DER")
      ->required()
      ->check(refuse_empty_path);
  import->add_option("--passphrase-file", a.import.passphrase_file, "What opens an encrypted private key")
      ->check(refuse_empty_path);
  import->add_option("--form", a.import.form, "Of symmetric and HMAC material; without it, what it looks like")
      ->check(CLI::IsMember({"raw", "hex", "base64"}));
  CLI::App* const terms = import->add_option_group("terms")->require_option(1);
  terms->add_option("--expires", a.import.expires, "The day, as 2027-01-31, at whose beginning (UTC) it is removed");
  terms->add_flag("--no-expiry", a.no_expiry, "It stays until it is deleted");
  import->add_flag("--new", a.import.is_new, "Further material of a symmetric key, which awaits rotation");
  import->add_option("--description", a.import.description, "What the material is; of symmetric keys");
  import->footer("Example:\n  kagimori key import alias/billing --in material.bin --no-expiry");
  add_key_usage_commands(group, a);
  add_key_limit_commands(group, a);
}

}  // namespace

void add_client_commands(CLI::App* app, Arguments& arguments) {
  add_user_commands(app, arguments);
  add_access_key_commands(app, arguments);
  add_account_commands(app, arguments);
  add_key_commands(app, arguments);
}

}  // namespace kagimori::cli
