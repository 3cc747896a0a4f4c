// Every seed of fuzz/corpus/ through its fuzz target, without a fuzzer: so each compiler builds the targets, and what
// a fuzzer once found stays found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

// In each target's file its entry point goes by the target's name (fuzz/CMakeLists.txt).
#define KAGIMORI_FUZZ_TARGET(name) extern "C" int name##_fuzz(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef KAGIMORI_FUZZ_TARGET

namespace kagimori {
namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

#define KAGIMORI_FUZZ_TARGET(name) Target{#name, name##_fuzz},
constexpr std::array kTargets{
#include "fuzz_targets.inc"
};
#undef KAGIMORI_FUZZ_TARGET

std::vector<std::filesystem::path> seeds_of(const std::string& target) {
  std::vector<std::filesystem::path> seeds;
  const std::filesystem::path corpus = std::filesystem::path(KAGIMORI_SOURCE_DIR) / "fuzz" / "corpus" / target;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) seeds.push_back(entry.path());
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, IsTaken) {
  const std::vector<std::filesystem::path> seeds = seeds_of(GetParam().name);
  EXPECT_THAT(seeds, testing::Not(testing::IsEmpty()));
  for (const std::filesystem::path& seed : seeds) {
    SCOPED_TRACE(seed.filename().string());
    std::ifstream file(seed, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // A block of exactly its size, so that the address sanitizer sees one step too far.
    const auto input = std::make_unique<std::uint8_t[]>(text.size());
    std::copy(text.begin(), text.end(), input.get());
    EXPECT_EQ(GetParam().run(input.get(), text.size()), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, testing::ValuesIn(kTargets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace kagimori
