#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "server/backup.h"
#include "server/config.h"
#include "server/data_folder.h"
#include "server/opened_store.h"
#include "server/store_check.h"

namespace kagimori::cli {

Status back_up(const std::filesystem::path& config_file, const std::filesystem::path& target) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(const Backup made, back_up_store(config, target));
  std::printf(
      "Wrote the backup %s.\n"
      "  store     %s\n"
      "  revision  %llu\n"
      "  size      %llu bytes\n",
      target.c_str(), made.store_id.c_str(), static_cast<unsigned long long>(made.revision),
      static_cast<unsigned long long>(made.bytes));
  if (made.damaged > 0) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("The backup was made and is kept, but the store has {} finding{}, and so has the backup. The "
                    "first: {} `kagimori store check` lists them.",
                    made.damaged, made.damaged == 1 ? "" : "s", made.first_finding));
  }
  std::printf("  verified  %s\n",
              made.not_opened.empty()
                  ? "every record, with the root key"
                  : ("read through; records not checked, without the root key: " + made.not_opened).c_str());
  std::printf("It is of use only together with the root key file, which is not in it.\n");
  return {};
}

Status restore_into(const InitOptions& folder, const RestoreOptions& options) {
  TRY_ASSIGN(const PreparedFolder prepared, prepare_data_folder(folder));
  return restore(prepared.folder.config(), options);
}

Status restore(const std::filesystem::path& config_file, const RestoreOptions& options) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(const Restored restored, restore_store(config, options));
  std::printf(
      "Restored store %s as of revision %llu into %s.\n"
      "  %zu key%s destroyed since the backup %s destroyed in the restored store too.\n"
      "What was changed since then and not destroyed is as it was: review users and policies.\n",
      restored.store_id.c_str(), static_cast<unsigned long long>(restored.revision),
      DataFolder{config.server.data_dir}.store().c_str(), restored.keys_destroyed,
      restored.keys_destroyed == 1 ? "" : "s", restored.keys_destroyed == 1 ? "was" : "were");
  if (options.key_file.empty()) return {};
  TRY_ASSIGN(const std::filesystem::path expected, root_key_file(config, restored.store_id));
  std::printf("The restored store opens with %s: put it in the place of %s before you start the server.\n",
              options.key_file.c_str(), expected.c_str());
  return {};
}

Status check_store_file(const std::filesystem::path& config_file) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  TRY_ASSIGN(const StoreCheck check, check_store(opened));
  std::size_t records = 0;
  for (const TableCount& count : check.tables) {
    records += count.records;
    if (count.records > 0) {
      const std::string name(table_name(count.table));
      std::printf("  %-18s %10zu\n", name.c_str(), count.records);
    }
  }
  std::printf("Read %zu records of store %s.\n", records, opened.meta.store_id.c_str());
  if (check.damaged == 0) {
    std::printf("The file is whole and every record is authentic.\n");
    return {};
  }
  for (const std::string& finding : check.findings) std::printf("  damaged: %s\n", finding.c_str());
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} finding{} in the store. The server serves what is not damaged; restore "
                          "a backup to get the rest back.",
                          check.damaged, check.damaged == 1 ? "" : "s"));
}

}  // namespace kagimori::cli
