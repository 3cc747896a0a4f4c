#include "audit/sink_runner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <thread>

#include "audit/sequencer_test.h"

namespace kagimori::audit {
namespace {

// Remembers what it got; refuses while it is told to.
struct Received {
  std::mutex mutex;
  std::vector<std::uint64_t> numbers;
  int refusals = 0;  // still to come

  std::vector<std::uint64_t> all() {
    const std::lock_guard lock(mutex);
    return numbers;
  }
};

class TestSink final : public Sink {
 public:
  TestSink(Received& received, bool confirms) : received_(received), confirms_(confirms) {}
  Status deliver(std::span<const SinkEvent> events) override {
    const std::lock_guard lock(received_.mutex);
    if (received_.refusals > 0) {
      --received_.refusals;
      return fail(ErrorCode::kIo, "refused");
    }
    for (const SinkEvent& event : events) {
      EXPECT_EQ(event.line, std::to_string(event.index));
      received_.numbers.push_back(event.index);
    }
    return {};
  }
  bool confirms() const override { return confirms_; }

 private:
  Received& received_;
  const bool confirms_;
};

class SinkRunnerTest : public SequencerTest {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log_->append(std::to_string(appended_++) + "\n"));
  }
  Result<std::unique_ptr<SinkRunner>> start(bool confirms = true, std::uint64_t most_behind = 1'000'000) {
    const auto skip_event = [this](std::string_view, std::uint64_t first, std::uint64_t count) {
      skips_.push_back(fmt::format("{}+{}", first, count));
      return std::to_string(appended_++) + "\n";
    };
    return SinkRunner::start({*log_, "one", std::make_unique<TestSink>(received_, confirms),
                              [](std::string_view line) { return !line.ends_with('3'); }, most_behind, skip_event});
  }
  bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 600 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return condition();
  }
  std::string position() {
    std::ifstream file(folder_.sink("one"));
    std::string text;
    std::getline(file, text);
    return text;
  }
  // Without those that end with 3.
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t end) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = first; i < end; ++i) {
      if (i % 10 != 3) numbers.push_back(i);
    }
    return numbers;
  }

  Received received_;
  std::vector<std::string> skips_;  // written by the runner's thread
};

TEST_F(SinkRunnerTest, DeliversWhatIsWantedFromNowOn) {
  open();
  append(10);
  auto runner = start();
  ASSERT_TRUE(runner) << runner.error().message;
  EXPECT_EQ(position(), "10");
  append(1'200);
  EXPECT_TRUE(comes_true([&] { return received_.all() == from_to(10, 1'210); }));
  EXPECT_EQ((*runner)->counts().delivered, from_to(10, 1'210).size());
  EXPECT_EQ((*runner)->counts().behind, 0U);
  runner->reset();
  EXPECT_EQ(position(), "1210");
}

TEST_F(SinkRunnerTest, GoesOnWhereItWas) {
  open();
  {
    const auto runner = start();
  }
  append(20);
  const auto runner = start();
  EXPECT_TRUE(comes_true([&] { return received_.all() == from_to(0, 20); }));
}

TEST_F(SinkRunnerTest, WhatIsRefusedComesAgain) {
  open();
  received_.refusals = 2;
  const auto runner = start();
  append(20);
  EXPECT_TRUE(comes_true([&] { return received_.all() == from_to(0, 20); }));
  EXPECT_EQ((*runner)->counts().failures, 2U);
}

TEST_F(SinkRunnerTest, WhatNobodyConfirmedComesAgainWhenADeliveryFails) {
  open();
  auto runner = start(false);
  append(10);
  ASSERT_TRUE(comes_true([&] { return received_.all() == from_to(0, 10); }));
  {
    const std::lock_guard lock(received_.mutex);
    received_.refusals = 1;
  }
  append(10);
  std::vector<std::uint64_t> expected = from_to(0, 10);
  for (const std::uint64_t number : from_to(0, 20)) expected.push_back(number);
  EXPECT_TRUE(comes_true([&] { return received_.all() == expected; }));
}

TEST_F(SinkRunnerTest, OneThatIsTooFarBehindIsMovedOn) {
  open();
  {
    const auto runner = start();
  }
  append(100);
  auto runner = start(true, 50);
  EXPECT_TRUE(comes_true([&] { return received_.all() == from_to(75, 101); })) << "the event of the skip, too";
  EXPECT_EQ((*runner)->counts().skipped, 75U);
  runner->reset();
  EXPECT_EQ(skips_, std::vector<std::string>{"0+75"});
}

TEST_F(SinkRunnerTest, WhatTheRetentionRemovedIsSkipped) {
  open();
  append(5);
  {
    const auto runner = start();
  }
  append(700);
  const std::uint64_t kept = list_segments(folder_).value().at(1);
  std::filesystem::remove(folder_.segment(0));
  auto runner = start();
  EXPECT_TRUE(comes_true([&] { return received_.all() == from_to(kept, 706); }));
  runner->reset();
  EXPECT_EQ(skips_, std::vector<std::string>{fmt::format("5+{}", kept - 5)});
}

TEST_F(SinkRunnerTest, APositionThatIsNoneIsThatOfNow) {
  open();
  append(5);
  const std::string long_text(200, '1');
  for (const char* text : {"", "x", "6", "99999999999999999999", long_text.c_str()}) {
    std::filesystem::create_directories(folder_.sink("one").parent_path());
    std::ofstream(folder_.sink("one")) << text << '\n';
    const auto runner = start();
    ASSERT_TRUE(runner) << text;
    EXPECT_EQ(position(), "5") << text;
  }
}

}  // namespace
}  // namespace kagimori::audit
