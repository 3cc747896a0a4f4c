#include "server/config_page.h"

#include <fmt/format.h>

#include "server/config_option.h"

namespace kagimori {
namespace {

std::string_view type_text(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return "true, false";
    case OptionType::kCount:
      return "number";
    case OptionType::kBytes:
      return "bytes";
    case OptionType::kSeconds:
      return "seconds";
    case OptionType::kText:
      return "text";
    case OptionType::kPath:
      return "path";
    case OptionType::kChoice:
      return "choice";
    case OptionType::kList:
      return "list";
  }
  return "";
}

template <typename Owner>
std::string range_text(const Option<Owner>& option) {
  switch (option.type) {
    case OptionType::kCount:
    case OptionType::kBytes:
    case OptionType::kSeconds:
      return fmt::format("{} to {}", format_quantity(option.min, option.type),
                         format_quantity(option.max, option.type));
    case OptionType::kChoice: {
      std::string words(option.choices);
      for (auto bar = words.find('|'); bar != std::string::npos; bar = words.find('|', bar))
        words.replace(bar, 1, ", ");
      return words;
    }
    default:
      return std::string(type_text(option.type));
  }
}

template <typename Owner>
std::string row(const Option<Owner>& option, std::string_view name, Owner& defaults) {
  const std::string value = option.derived_default.empty() ? fmt::format("`{}`", written_value(option, defaults))
                                                           : std::string(option.derived_default);
  return fmt::format("| `{}` | {} | {} | {} |\n", name, value, range_text(option), option.description);
}

constexpr std::string_view kHead = "| option | default | allowed | meaning |\n|---|---|---|---|\n";

}  // namespace

std::string configuration_reference() {
  Config defaults;
  std::string page;
  std::string_view section;
  for (const auto& option : config_options()) {
    const auto dot = option.name.find('.');
    if (option.name.substr(0, dot) != section) {
      section = option.name.substr(0, dot);
      page += fmt::format("{}### [{}]\n\n{}", page.empty() ? "" : "\n", section, kHead);
    }
    page += row(option, option.name.substr(dot + 1), defaults);
  }
  for_each_list([&page]<typename Owner>(const OptionList<Owner>& list) {
    page += fmt::format("\n### [[{}]]\n\n{}", list.name, kHead);
    Owner entry;
    for (const auto& option : list.options) page += row(option, option.name, entry);
  });
  return page;
}

std::string starter_configuration(std::uint16_t port, std::string_view region) {
  return fmt::format(
      "# Configuration of a Kagimori server. docs/configuration.md lists every option; `kagimori config check` checks "
      "this file.\n"
      "# The data folder is the folder of this file.\n\n"
      "[account]\nregion = \"{}\"\n\n"
      "[[listeners]]\naddress = \"127.0.0.1:{}\"\ntls = true\nplanes = [\"data\", \"management\"]\n\n"
      "# Metrics for Prometheus, without credentials: docs/metrics.md.\n"
      "# [[listeners]]\n# address = \"127.0.0.1:9464\"\n# tls = false\n# planes = [\"metrics\"]\n",
      region, port);
}

}  // namespace kagimori
