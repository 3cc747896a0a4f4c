#include "engine/pool.h"

namespace kagimori {

Result<std::unique_ptr<Pool>> Pool::start(std::size_t threads, std::size_t queue_limit) {
  std::unique_ptr<Pool> pool(new Pool(queue_limit));
  pool->owned_.resize(threads);
  for (PoolThread& thread : pool->owned_) {
    TRY_ASSIGN(thread.crypto, CryptoContext::create());
    thread.random = std::make_unique<OpensslRandom>(*thread.crypto);
  }
  for (PoolThread& thread : pool->owned_)
    pool->threads_.emplace_back([raw = pool.get(), &thread] { raw->run(thread); });
  return pool;
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Status Pool::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(ErrorCode::kServiceUnavailable, "The server is stopping.");
    if (queued_requests_ >= queue_limit_) {
      return fail(ErrorCode::kThrottling,
                  "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");
    }
    queue_.push_back({std::move(job), true});
    ++queued_requests_;
  }
  wake_.notify_one();
  return {};
}

void Pool::submit_internal(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back({std::move(job), false});
  }
  wake_.notify_one();
}

void Pool::run(PoolThread& thread) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front().job);
      if (queue_.front().is_request) --queued_requests_;
      queue_.pop_front();
    }
    job(thread);
  }
}

}  // namespace kagimori
