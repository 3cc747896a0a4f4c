#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kagimori::audit {

// A thread that looks after the log beside the requests and yields to them: its nice value is 10. Its owner ends it
// before what it works on goes.
class BackgroundThread {
 public:
  BackgroundThread() = default;
  ~BackgroundThread() { stop(); }
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // Once. The thread has its nice value when this returns: system calls are filtered once the server has begun.
  void start(std::function<void()> loop);
  // Has wait() return, and waits for the end of the loop.
  void stop();

  // --- For the loop ---

  // Sleeps; false when the loop is to end.
  bool wait(std::chrono::milliseconds time);
  bool is_stopping() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kagimori::audit
