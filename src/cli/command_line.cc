#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <sstream>

#include "base/edit_distance.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "crypto/key_pair_spec.h"
#include "server/hardening.h"

namespace kagimori::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

void add_config(CLI::App* command, Arguments& arguments) {
  command->add_option("--config", arguments.config, "The configuration file")->required()->check(refuse_empty_path);
}

void add_server_commands(CLI::App* app, Arguments& a) {
  CLI::App* const init = add(app, a, "init", "Make a store, its root key, certificates and an administrator",
                             [&a] { return kagimori::cli::init(a.init); });
  init->add_option("--data", a.init.data, "The data folder")->capture_default_str()->check(refuse_empty_path);
  init->add_option_function<std::uint16_t>(
      "--port", [&a](std::uint16_t port) { a.init.port = port; }, "The port of the listener (8443)");
  init->add_option_function<std::string>(
      "--region", [&a](const std::string& region) { a.init.region = region; },
      "The region that requests are signed for (us-east-1)");
  add_config(add(app, a, "serve", "Run the server", [&a] { return serve(a.config); }), a);
  CLI::App* const config = add_group(app, "config", "Look at a configuration");
  add_config(
      add(config, a, "check", "Say whether a configuration file is right", [&a] { return check_config(a.config); }), a);
}

void add_root_commands(CLI::App* app, Arguments& a) {
  CLI::App* const root = add_group(app, "root", "The root key");
  CLI::App* const rotate = add(root, a, "rotate", "Make a new root key and void the old one (server stopped)",
                               [&a] { return rotate_root_key(a.config); });
  add_config(rotate, a);
  rotate->footer(
      "Run it again if it was interrupted: it goes on where it was.\n"
      "Example:\n  kagimori root rotate --config var/kagimori.toml");

  CLI::App* const recover = add_group(app, "recover", "Get back in with the root key");
  CLI::App* const credentials =
      add(recover, a, "root-credentials", "Give an account's root user a new access key (server stopped)",
          [&a] { return recover_root_user(a.config, a.account); });
  add_config(credentials, a);
  credentials->add_option("--account", a.account, "The account, 12 digits")->required();
  credentials->footer(
      "The access keys that the root user had are deleted.\n"
      "Example:\n  kagimori recover root-credentials --config var/kagimori.toml --account 100000000001");
}

void add_store_commands(CLI::App* app, Arguments& a) {
  CLI::App* const backup = add(app, a, "backup", "Copy the store into one file; the server may run",
                               [&a] { return back_up(a.config, a.to); });
  add_config(backup, a);
  backup->add_option("--to", a.to, "The file to make")->required()->check(refuse_empty_path);
  backup->footer("Example:\n  kagimori backup --config var/kagimori.toml --to /backup/kagimori-$(date +%F).backup");

  CLI::App* const restore = add(app, a, "restore", "Make a backup the store (server stopped)", [&a] {
    return a.config.empty() ? restore_into(a.init, a.restore) : kagimori::cli::restore(a.config, a.restore);
  });
  CLI::App* const target = restore->add_option_group("target")->require_option(1);
  target->add_option("--config", a.config, "The configuration file of the store's data folder")
      ->check(refuse_empty_path);
  target->add_option("--data", a.init.data, "Or a data folder, which is made if it is not there")
      ->check(refuse_empty_path);
  restore->add_option("--from", a.restore.from, "The backup")->required()->check(refuse_empty_path);
  restore->add_option_function<std::uint16_t>(
      "--port", [&a](std::uint16_t port) { a.init.port = port; },
      "The port of the listener of a new data folder (8443)");
  restore->add_flag("--force", a.restore.replace, "Replace the store that is there");
  restore->add_flag("--accept-damage", a.restore.accept_damage, "Restore a backup though records in it are damaged");
  restore
      ->add_option("--key-file", a.restore.key_file,
                   "The key file that opens the backup, if the root key was rotated since")
      ->check(refuse_empty_path);
  restore->footer(
      "Keys that were destroyed since the backup stay destroyed, as far as the present store or the backup knows.\n"
      "Examples:\n  kagimori restore --config var/kagimori.toml --from /backup/kagimori.backup --force\n"
      "  kagimori restore --data drill --port 9443 --from /backup/kagimori.backup");

  CLI::App* const store = add_group(app, "store", "The store");
  CLI::App* const check = add(store, a, "check", "Read the whole store and check every record (server stopped)",
                              [&a] { return check_store_file(a.config); });
  add_config(check, a);
  check->footer("Example:\n  kagimori store check --config var/kagimori.toml");
}

void add_audit_folder(CLI::App* command, std::filesystem::path& folder) {
  command->add_option("folder", folder, "The folder of the audit log, or a copy of it")
      ->required()
      ->check(refuse_empty_path);
}

void add_audit_proof_commands(CLI::App* audit, Arguments& a) {
  CLI::App* const prove =
      add(audit, a, "prove", "Write one event and its proof, for somebody who has only the public key",
          [&a] { return prove_event(a.prove_event); });
  add_audit_folder(prove, a.prove_event.folder);
  prove->add_option("--index", a.prove_event.index, "The event's number in the log, from 0")->required();
  prove->add_option("--to", a.prove_event.to, "Writes TO.json and TO.tlog-proof")->required()->check(refuse_empty_path);
  prove->footer("Example:\n  kagimori audit prove var/audit --index 17 --to event");

  CLI::App* const event =
      add(audit, a, "verify-event", "Check one event with its proof", [&a] { return verify_event(a.verify_event); });
  const auto add_file = [event](const char* name, std::filesystem::path& file, const char* what) {
    event->add_option(name, file, what)->required()->check(refuse_empty_path);
  };
  add_file("--event", a.verify_event.event, "The event, one line of JSON");
  add_file("--proof", a.verify_event.proof, "Its proof (c2sp.org/tlog-proof)");
  add_file("--public-key", a.verify_event.public_key, "The log's public keys, one a line");

  CLI::App* const consistency =
      add(audit, a, "consistency", "Print the proof that the log goes on from an earlier size",
          [&a] { return prove_consistency(a.consistency); });
  add_audit_folder(consistency, a.consistency.folder);
  consistency->add_option("--from", a.consistency.from, "The earlier size")->required();
}

constexpr const char* kTimes =
    "Times are dates (2026-11-22), dates with a time (2026-11-22T09:51Z), or how long ago it was (30m, 24h, 7d, 2w).\n";

void add_audit_search(CLI::App* audit, Arguments& a) {
  SearchAuditOptions& o = a.search_audit;
  CLI::App* const search = add(audit, a, "search", "Find events by key, principal, operation, result and time",
                               [&o] { return search_audit_log(o); });
  add_audit_folder(search, o.folder);
  search->add_option("--key", o.key, "The key's id, ARN, or an alias as requests named it (alias/NAME)");
  search->add_option("--principal", o.principal, "Who: an ARN, or its last part (a user's, role's or session's name)");
  search->add_option("--operation", o.operation, "The operation, such as Decrypt");
  search->add_option("--result", o.result, "ok, failed, denied, or an error's code");
  search->add_option("--address", o.address, "Where the request came from");
  search->add_option("--request-id", o.request_id, "What the client saw as x-amzn-RequestId");
  search->add_option("--trace-id", o.trace_id, "The trace that the client sent (W3C traceparent)");
  search->add_option("--event-id", o.event_id, "The event's own id");
  search->add_option("--from", o.from, "Not before");
  search->add_option("--to", o.to, "Before");
  search->add_option("--limit", o.limit, "So many events at most; 0 for all")->capture_default_str();
  search->add_flag("--oldest-first", o.oldest_first, "Instead of the newest");
  search->add_flag("--scan", o.scan, "Read every segment, without believing the indexes beside them");
  search->add_flag("--json", o.json, "Print each event as a line of JSON, for programs");
  search->footer(std::string(kTimes) +
                 "Examples:\n  kagimori audit search var/audit --key alias/orders --operation Decrypt --from 7d\n"
                 "  kagimori audit search var/audit --principal alice --result denied");
}

void add_audit_export(CLI::App* audit, Arguments& a) {
  CLI::App* const command =
      add(audit, a, "export", "Write the events of a time, and the proof that they are all of them",
          [&a] { return export_audit_log(a.export_audit); });
  add_audit_folder(command, a.export_audit.folder);
  command->add_option("--from", a.export_audit.from, "Not before; without it from the first event");
  command->add_option("--to", a.export_audit.to, "Before; without it up to the last signed event");
  command->add_option("--output", a.export_audit.output, "The file to write; its proof goes to FILE.range-proof")
      ->required()
      ->check(refuse_empty_path);
  command->add_option("--format", a.export_audit.format, "jsonl or csv; without it what the file's name ends with");
  command->footer(std::string(kTimes) +
                  "Events that were written among those of the time are exported with them.\n"
                  "Example:\n  kagimori audit export var/audit --from 2026-10-01 --to 2026-11-01 --output october.csv");

  CLI::App* const verify = add(audit, a, "verify-export", "Check an export with its proof",
                               [&a] { return verify_audit_export(a.verify_export); });
  const auto add_file = [verify](const char* name, std::filesystem::path& file, const char* what) {
    verify->add_option(name, file, what)->required()->check(refuse_empty_path);
  };
  add_file("--export", a.verify_export.file, "The file that was exported");
  add_file("--proof", a.verify_export.proof, "Its proof (FILE.range-proof)");
  add_file("--public-key", a.verify_export.public_key, "The log's public keys, one a line");
}

void add_audit_commands(CLI::App* app, Arguments& a) {
  CLI::App* const audit = add_group(app, "audit", "The audit log");
  CLI::App* const verify = add(audit, a, "verify", "Check every event of an audit log; needs no server and no root key",
                               [&a] { return verify_audit_log(a.verify_audit); });
  add_audit_folder(verify, a.verify_audit.folder);
  verify
      ->add_option("--public-key", a.verify_audit.public_key,
                   "The log's public key, kept elsewhere; without it the one in the folder, which proves less")
      ->check(refuse_empty_path);
  verify->add_option("--from", a.verify_audit.from, "An older checkpoint of the log, which it must go on from")
      ->check(refuse_empty_path);
  verify->add_flag("--json", a.verify_audit.json, "Print JSON, for programs");
  verify->footer("Example:\n  kagimori audit verify var/audit --public-key log.vkey");
  add_audit_folder(add(audit, a, "public-key", "Print the log's public keys, the oldest first",
                       [&a] { return print_audit_keys(a.verify_audit.folder); }),
                   a.verify_audit.folder);
  add_audit_search(audit, a);
  add_audit_proof_commands(audit, a);
  add_audit_export(audit, a);

  CLI::App* const restart = add(audit, a, "restart", "Begin a new audit log, with a new key (server stopped)",
                                [&a] { return restart_audit_log(a.config, a.reason); });
  add_config(restart, a);
  restart->add_option("--reason", a.reason, "Why, for the new log's first event")->required();
  restart->footer(
      "For when the log was lost or damaged and the server refuses to start without it.\n"
      "Example:\n  kagimori audit restart --config var/kagimori.toml --reason 'disk failure, ticket 4711'");
}

// The name that is nearest to a mistyped one; empty if none is near.
std::string nearest_command(const CLI::App& group, const std::string& word) {
  std::string nearest;
  std::size_t least = (word.size() + 2) / 3 + 1;
  for (const CLI::App* command : group.get_subcommands([](const CLI::App*) { return true; })) {
    const std::size_t distance = edit_distance(word, command->get_name());
    if (distance >= least) continue;
    nearest = command->get_name();
    least = distance;
  }
  return nearest;
}

// A sentence about the first word that stands where a command should and is none; empty if there is no such word.
std::string unknown_command(const CLI::App& app) {
  const CLI::App* group = &app;
  std::string path = "kagimori";
  for (auto chosen = group->get_subcommands(); !chosen.empty(); chosen = group->get_subcommands()) {
    group = chosen.front();
    path += " " + group->get_name();
  }
  if (group->get_require_subcommand_min() == 0) return {};
  for (const std::string& word : group->remaining()) {
    if (word.starts_with('-')) continue;
    const std::string nearest = nearest_command(*group, word);
    return fmt::format("'{}' has no command '{}'.{}", path, word,
                       nearest.empty() ? "" : fmt::format(" Did you mean '{}'?", nearest));
  }
  return {};
}

// The exit code when the arguments are wrong or ask for help only, which is put into `help`.
std::optional<int> parse(CLI::App& app, int argc, char** argv, std::string& help) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_command(app);
    if (error.get_exit_code() != 0 && !unknown.empty()) {
      app.exit(CLI::ParseError(unknown, CLI::ExitCodes::RequiredError));
      return kWrongUse;
    }
    std::ostringstream out;
    const int code = app.exit(error, out);
    help = out.str();
    return code == 0 ? kDone : kWrongUse;
  }
}

Status run(const Arguments& arguments) {
  TRY(harden_process());  // many commands hold key material or credentials
  return arguments.command();
}

}  // namespace

int run_command_line(int argc, char** argv) {
  const bool has_output = keep_standard_descriptors();
  CLI::App app("Kagimori: a self-hosted key management service.");
  // The OpenSSL that runs decides which kinds of keys there are.
  app.set_version_flag("--version", "kagimori " KAGIMORI_VERSION " (" + loaded_openssl() + ")", "Print the version");
  app.require_subcommand(1);
  Arguments arguments;
  add_server_commands(&app, arguments);
  add_root_commands(&app, arguments);
  add_store_commands(&app, arguments);
  add_audit_commands(&app, arguments);
  add_client_commands(&app, arguments);
  std::string help;
  const std::optional<int> ended = parse(app, argc, argv, help);
  if (ended == kWrongUse) return kWrongUse;
  // What a server prints is a greeting; its exit code tells how it ended.
  const bool serves = !ended && app.got_subcommand("serve");
  Status done;
  if (!has_output && !serves) {
    done = fail(ErrorCode::kIo, "Nothing was done: standard output is closed. Give the output somewhere to go.");
  } else {
    done = ended ? print(help) : run(arguments);
  }
  const Status written = serves ? Status() : flush_output();
  for (const Status& status : {done, written}) {
    if (!status) std::fprintf(stderr, "kagimori: %s\n", status.error().message.c_str());
  }
  return done && written ? kDone : kFailed;
}

}  // namespace kagimori::cli
