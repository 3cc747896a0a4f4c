#include "server/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace kagimori {
namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{1} << 20;

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadConfiguration, std::move(message)); }

class Flattener {
 public:
  explicit Flattener(std::string_view origin) : origin_(origin) {}

  Status table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      TRY(value(node, prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str())));
    }
    return {};
  }

  // toml++ keeps tables sorted by name; people read from top to bottom.
  std::vector<Setting> take() && {
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.line < b.line; });
    std::vector<Setting> settings;
    settings.reserve(found_.size());
    for (Found& found : found_) settings.push_back(std::move(found.setting));
    return settings;
  }

 private:
  struct Found {
    std::uint32_t line;
    Setting setting;
  };

  Status value(const toml::node& node, const std::string& name) {
    if (const auto* below = node.as_table()) return table(*below, name);
    if (const auto* array = node.as_array()) return list(*array, name);
    if (const auto* flag = node.as_boolean()) return add(node, name, flag->get());
    if (const auto* number = node.as_integer()) return add(node, name, number->get());
    if (const auto* text = node.as_string()) return add(node, name, text->get());
    return bad(
        fmt::format("{}: {} must be a text, a whole number, true, false or a list of texts.", where(node), name));
  }

  Status list(const toml::array& array, const std::string& name) {
    if (array.is_array_of_tables()) {
      std::size_t index = 0;
      for (const toml::node& item : array) TRY(table(*item.as_table(), fmt::format("{}.{}", name, ++index)));
      return {};
    }
    std::vector<std::string> items;
    for (const toml::node& item : array) {
      const auto* text = item.as_string();
      if (text == nullptr) return bad(fmt::format("{}: {} must be a list of texts in quotes.", where(item), name));
      items.push_back(text->get());
    }
    return add(array, name, std::move(items));
  }

  Status add(const toml::node& node, const std::string& name, SettingValue value) {
    found_.push_back({node.source().begin.line, Setting{name, where(node), std::move(value)}});
    return {};
  }

  std::string where(const toml::node& node) const { return fmt::format("{}:{}", origin_, node.source().begin.line); }

  std::string_view origin_;
  std::vector<Found> found_;
};

}  // namespace

Result<std::vector<Setting>> parse_config_text(std::string_view text, std::string_view origin) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return bad(fmt::format("{}:{}: this is not TOML: {}.", origin, parsed.error().source().begin.line,
                           parsed.error().description()));
  }
  Flattener flattener(origin);
  TRY(flattener.table(parsed.table(), ""));
  return std::move(flattener).take();
}

Result<std::vector<Setting>> read_config_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  if (error || !stream) {
    const std::string reason = error ? error.message() : std::generic_category().message(errno);
    return bad(fmt::format("cannot read the configuration {}: {}; `kagimori init --data DIR` writes one to DIR.",
                           file.string(), reason));
  }
  if (size > kMaxFileBytes) return bad(fmt::format("the configuration {} is larger than 1 MiB.", file.string()));
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return parse_config_text(text, file.filename().string());
}

}  // namespace kagimori
