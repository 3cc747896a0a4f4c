#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "crypto/context.h"
#include "crypto/random.h"

namespace kagimori {

// What each thread of the pool owns.
struct PoolThread {
  std::unique_ptr<CryptoContext> crypto;
  std::unique_ptr<OpensslRandom> random;
};

// Threads for what may block or takes more than a loop turn can spare: store reads, management operations. The queue of
// requests is bounded; internal work (fills) may exceed it, since what asks for it is bounded already.
class Pool {
 public:
  using Job = std::function<void(PoolThread&)>;

  static Result<std::unique_ptr<Pool>> start(std::size_t threads, std::size_t queue_limit);
  ~Pool();  // finishes what is queued
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // kThrottling when the queue is full.
  Status submit(Job job);
  void submit_internal(Job job);
  // No new jobs; returns when all are done.
  void stop();

 private:
  explicit Pool(std::size_t queue_limit) : queue_limit_(queue_limit) {}
  void run(PoolThread& thread);

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  struct Queued {
    Job job;
    bool is_request = false;
  };
  std::deque<Queued> queue_;
  std::size_t queued_requests_ = 0;
  bool stopping_ = false;
  std::vector<PoolThread> owned_;
  std::vector<std::thread> threads_;
};

}  // namespace kagimori
