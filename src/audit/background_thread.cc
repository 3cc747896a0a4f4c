#include "audit/background_thread.h"

#include <sys/resource.h>
#include <unistd.h>

#include <future>

namespace kagimori::audit {

void BackgroundThread::start(std::function<void()> loop) {
  std::promise<void> started;
  thread_ = std::thread([loop = std::move(loop), &started] {
    constexpr int kNice = 10;
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
    started.set_value();
    loop();
  });
  started.get_future().wait();
}

void BackgroundThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool BackgroundThread::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

bool BackgroundThread::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace kagimori::audit
