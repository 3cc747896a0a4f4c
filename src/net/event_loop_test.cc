#include "net/event_loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace kagimori {
namespace {

class Idle final : public EventLoop::Client {
 public:
  void end_turn() override { ++turns; }
  void begin_stop() override { stopping = true; }
  bool is_stopped() const override { return may_stop; }
  int turns = 0;
  bool stopping = false;
  bool may_stop = true;
};

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() : loop_(EventLoop::create(3, clock_).value()) { loop_->add_client(client_); }
  ManualMonotonicClock clock_;
  Idle client_;
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(EventLoopTest, RunsWhatOtherThreadsPostInTheirOrder) {
  EXPECT_EQ(loop_->worker_index(), 3U);
  constexpr int kPosts = 10'000;
  std::vector<int> next(2, 0);
  bool in_order = true;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) loop_->post([&, t, i] { in_order = in_order && next[t]++ == i; });
    });
  }
  std::thread stopper([&] {
    for (std::thread& thread : threads) thread.join();
    loop_->post([&] { loop_->stop_gracefully(std::chrono::seconds(60)); });
  });
  loop_->run();
  stopper.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, std::vector<int>({kPosts, kPosts}));
  EXPECT_TRUE(client_.stopping);
}

TEST_F(EventLoopTest, DestroysWhatComesTooLate) {
  auto owned = std::make_shared<int>(1);
  loop_->post([&, owned] {
    loop_->stop_gracefully(std::chrono::seconds(60));
    loop_->post([owned] { FAIL() << "run() has ended before"; });
  });
  loop_->run();
  EXPECT_FALSE(loop_->post([owned] { FAIL(); }));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(EventLoopTest, WaitsForItsClientsOnlyUntilTheDeadline) {
  client_.may_stop = false;
  loop_->post([&] { loop_->stop_gracefully(std::chrono::seconds(60)); });
  std::thread pusher([&] {
    while (loop_->post([&] { clock_.advance(std::chrono::seconds(1)); })) std::this_thread::yield();
  });
  loop_->run();
  pusher.join();
  EXPECT_TRUE(client_.stopping);
}

struct Recorder final : Timer {
  Recorder(TimerWheel& the_wheel, std::vector<int>& the_log, int the_id) : wheel(the_wheel), log(the_log), id(the_id) {}
  ~Recorder() override = default;
  void on_expired() override {
    log.push_back(id);
    if (again_at) wheel.schedule(*this, *std::exchange(again_at, std::nullopt));
  }
  TimerWheel& wheel;
  std::vector<int>& log;
  int id;
  std::optional<MonotonicTime> again_at;
};

TEST(TimerWheelTest, FiresInTimeNeverEarly) {
  const MonotonicTime start(std::chrono::hours(5));
  for (const auto delay : {std::chrono::milliseconds(1), std::chrono::milliseconds(31), std::chrono::milliseconds(32),
                           std::chrono::milliseconds(5'000), std::chrono::milliseconds(200'000)}) {
    TimerWheel wheel(start);
    std::vector<int> log;
    Recorder timer(wheel, log, 1);
    wheel.schedule(timer, start + delay);
    MonotonicTime now = start;
    while (log.empty()) {
      const auto wait = wheel.until_next(now);
      ASSERT_TRUE(wait.has_value());
      now += *wait;
      wheel.advance(now);
    }
    EXPECT_GE(now, start + delay);
    EXPECT_LE(now, start + delay + TimerWheel::kTick);
    EXPECT_EQ(wheel.until_next(now), std::nullopt);
  }
}

TEST(TimerWheelTest, MovesCancelsAndSchedulesAgain) {
  const MonotonicTime start(std::chrono::hours(5));
  TimerWheel wheel(start);
  std::vector<int> log;
  Recorder moved(wheel, log, 1);
  Recorder cancelled(wheel, log, 2);
  Recorder again(wheel, log, 3);
  wheel.schedule(moved, start + std::chrono::seconds(1));
  wheel.schedule(moved, start + std::chrono::seconds(10));
  wheel.schedule(cancelled, start + std::chrono::seconds(1));
  wheel.cancel(cancelled);
  again.again_at = start;  // long past: the next call
  wheel.schedule(again, start + std::chrono::seconds(1));
  {
    Recorder dead(wheel, log, 4);
    wheel.schedule(dead, start + std::chrono::seconds(1));
  }
  wheel.advance(start + std::chrono::seconds(2));
  EXPECT_EQ(log, std::vector<int>({3}));
  wheel.advance(start + std::chrono::seconds(3));
  EXPECT_EQ(log, std::vector<int>({3, 3}));
  wheel.advance(start + std::chrono::hours(1));  // many rounds at once
  EXPECT_EQ(log, std::vector<int>({3, 3, 1}));
}

TEST(TaskTest, OwnsWhatItCapturesWhereverItMoves) {
  const auto small = std::make_shared<int>(0);
  {
    Task task([small, only = std::make_unique<int>(5)] { *small += *only; });
    Task moved(std::move(task));
    moved();
    task = std::move(moved);
    task();
    EXPECT_TRUE(task);
    EXPECT_FALSE(moved);  // NOLINT(bugprone-use-after-move)
    std::array<char, 200> large{};
    large[7] = 3;
    Task on_heap([small, large] { *small += large[7]; });
    task = std::move(on_heap);
    task();
    EXPECT_EQ(small.use_count(), 2);
  }
  EXPECT_EQ(*small, 13);
  EXPECT_EQ(small.use_count(), 1);
}

}  // namespace
}  // namespace kagimori
