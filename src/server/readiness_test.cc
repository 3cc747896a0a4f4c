#include "server/readiness.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace kagimori {
namespace {

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kagimori-ready-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    log_ = audit::Log::open({folder_}).value();
  }
  ~ReadinessTest() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(away());
  }
  std::filesystem::path away() const { return folder_.string() + "-away"; }

  std::filesystem::path folder_;
  std::unique_ptr<audit::Log> log_;
  ManualMonotonicClock clock_;
};

constexpr std::string_view kNoLog = "the audit log can't be written";

TEST_F(ReadinessTest, NotBeforeTheStartNorAfterTheEnd) {
  Readiness readiness(*log_, clock_);
  EXPECT_EQ(readiness.obstacle(), "starting or stopping");
  readiness.set_serving(true);
  EXPECT_EQ(readiness.obstacle(), "");
  readiness.set_serving(false);
  EXPECT_EQ(readiness.obstacle(), "starting or stopping");
}

TEST_F(ReadinessTest, FindsOutByItselfWithinASecond) {
  Readiness readiness(*log_, clock_);
  readiness.set_serving(true);
  EXPECT_EQ(readiness.obstacle(), "");
  for (int round = 0; round < 2; ++round) {
    std::filesystem::rename(folder_, away());
    EXPECT_EQ(readiness.obstacle(), "") << "asked again too soon";
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(readiness.obstacle(), kNoLog);
    std::filesystem::rename(away(), folder_);
    EXPECT_EQ(readiness.obstacle(), kNoLog) << "asked again too soon";
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(readiness.obstacle(), "");
  }
}

TEST_F(ReadinessTest, WhatARequestFoundCountsAtOnce) {
  Readiness readiness(*log_, clock_);
  readiness.set_serving(true);
  EXPECT_EQ(readiness.obstacle(), "");
  std::filesystem::rename(folder_, away());
  EXPECT_FALSE(log_->keep_file());
  EXPECT_FALSE(log_->append("line\n"));
  EXPECT_EQ(readiness.obstacle(), kNoLog);
  std::filesystem::rename(away(), folder_);
  EXPECT_TRUE(log_->keep_file());
  EXPECT_TRUE(log_->append("line\n"));
  EXPECT_EQ(readiness.obstacle(), "");
}

}  // namespace
}  // namespace kagimori
