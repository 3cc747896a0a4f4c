#include "server/config_option.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <set>

#include "server/config_page.h"

namespace kagimori {
namespace {

using testing::HasSubstr;

TEST(ConfigOptions, NamesAndVariablesAreUnique) {
  std::set<std::string> names, variables;
  for (const auto& option : config_options()) {
    EXPECT_TRUE(names.emplace(option.name).second) << option.name;
    EXPECT_TRUE(variables.insert(environment_name(option.name)).second) << option.name;
    EXPECT_FALSE(option.description.empty()) << option.name;
  }
}

// What the table writes as the default must be read back as the same value: this holds defaults within their bounds,
// and slots to their types.
TEST(ConfigOptions, DefaultsAreReadBackAsTheyAreWritten) {
  for (const auto& option : config_options()) {
    if (!option.derived_default.empty()) continue;
    Config defaults, loaded;
    const std::string written = written_value(option, defaults);
    const bool quoted = written.starts_with('"') || written == "[]";  // in the environment an empty list is no text
    const std::string text = quoted ? written.substr(1, written.size() - 2) : written;
    const auto applied = apply_option(option, {std::string(option.name), "here", text}, loaded);
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(written_value(option, loaded), written) << option.name;
  }
}

// Each slot belongs to its row alone: setting one option changes no other.
TEST(ConfigOptions, EachRowHasASlotOfItsOwn) {
  for (const auto& option : config_options()) {
    std::string text = std::to_string(option.max);
    Config config;
    if (option.type == OptionType::kBool) text = written_value(option, config) == "true" ? "false" : "true";
    if (option.type == OptionType::kText || option.type == OptionType::kPath) text = "other";
    if (option.type == OptionType::kChoice) text = option.choices.substr(option.choices.rfind('|') + 1);
    const auto applied = apply_option(option, {std::string(option.name), "here", text}, config);
    ASSERT_TRUE(applied) << applied.error().message;
    for (const auto& other : config_options()) {
      Config defaults;
      if (other.name == option.name) continue;
      EXPECT_EQ(written_value(other, config), written_value(other, defaults)) << option.name << " / " << other.name;
    }
  }
}

TEST(ConfigOptions, BoundsHoldAtTheirEdges) {
  for (const auto& option : config_options()) {
    const bool number =
        option.type == OptionType::kCount || option.type == OptionType::kBytes || option.type == OptionType::kSeconds;
    if (!number) continue;
    Config config;
    const std::string name(option.name);
    EXPECT_TRUE(apply_option(option, {name, "here", option.min}, config)) << name;
    EXPECT_TRUE(apply_option(option, {name, "here", option.max}, config)) << name;
    EXPECT_FALSE(apply_option(option, {name, "here", option.min - 1}, config)) << name;
    EXPECT_FALSE(apply_option(option, {name, "here", option.max + 1}, config)) << name;
  }
}

TEST(ConfigOptions, NearestNameIsNotAnyName) {
  const std::vector<std::string> names{"limits.body_bytes", "tls.certificate"};
  EXPECT_EQ(nearest_name("limits.body_byte", names), "limits.body_bytes");
  EXPECT_EQ(nearest_name("tls.cert", names), "tls.certificate");
  EXPECT_EQ(nearest_name("tls.certficate", names), "tls.certificate");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

// docs/configuration.md lists every option as the table has it. UPDATE_DOCS=1 writes the page anew.
TEST(ConfigOptions, ThePageOfTheDocumentationIsTheTable) {
  constexpr std::string_view kBegin = "<!-- options: made by server_test, do not edit -->\n";
  constexpr std::string_view kEnd = "<!-- end of options -->\n";
  const std::string file = KAGIMORI_SOURCE_DIR "/docs/configuration.md";
  std::ifstream stream(file);
  std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd);
  ASSERT_NE(begin, std::string::npos) << file;
  ASSERT_NE(end, std::string::npos) << file;
  const auto from = begin + kBegin.size();
  if (getenv("UPDATE_DOCS") != nullptr) {
    std::ofstream(file) << page.replace(from, end - from, configuration_reference());
    return;
  }
  EXPECT_EQ(page.substr(from, end - from), configuration_reference())
      << "UPDATE_DOCS=1 build/release/server_test --gtest_filter=ConfigOptions.* writes the page anew";
}

}  // namespace
}  // namespace kagimori
