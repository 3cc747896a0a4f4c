#include "net/event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace kagimori {
namespace {

constexpr int kMaxEvents = 256;

Status control(int epoll, int operation, int fd, std::uint32_t events, EventLoop::Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  if (epoll_ctl(epoll, operation, fd, &event) == 0) return {};
  return fail(ErrorCode::kIo, std::string("The system refuses to watch a socket: ") + strerror(errno) + ".");
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::create(std::size_t worker_index, const MonotonicClock& clock) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake_up(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll || !wake_up) {
    return fail(ErrorCode::kIo, "The event loop can't be made; raise the limit on open files (ulimit -n).");
  }
  TRY(control(epoll.get(), EPOLL_CTL_ADD, wake_up.get(), EPOLLIN, nullptr));
  return std::unique_ptr<EventLoop>(new EventLoop(worker_index, clock, std::move(epoll), std::move(wake_up)));
}

EventLoop::EventLoop(std::size_t worker_index, const MonotonicClock& clock, UniqueFd epoll, UniqueFd wake_up)
    : worker_index_(worker_index),
      clock_(clock),
      epoll_(std::move(epoll)),
      wake_up_(std::move(wake_up)),
      now_(clock.now()),
      timers_(now_) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  while (!may_leave()) turn();
  close_inbox();
}

void EventLoop::turn() {
  std::array<epoll_event, kMaxEvents> events;
  const int timeout = turn_again_ ? 0 : wait_milliseconds();
  const int ready = epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeout);
  turn_again_ = false;
  now_ = clock_.now();
  bool woken = false;
  for (int i = 0; i < ready; ++i) {  // ready is -1 after a signal
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      woken = true;
    } else {
      static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
    }
  }
  if (woken) run_posted();
  timers_.advance(now_);
  check_stop_request();
  for (Client* client : clients_) client->end_turn();
}

int EventLoop::wait_milliseconds() {
  // Rounded up, else the last fraction of a millisecond would be spent spinning.
  const auto round_up = [](MonotonicDuration d) {
    return std::chrono::ceil<std::chrono::milliseconds>(std::clamp<MonotonicDuration>(d, {}, std::chrono::hours(1)));
  };
  std::optional<MonotonicDuration> wait = timers_.until_next(now_);
  if (stopping_) {
    const MonotonicDuration rest = MonotonicDuration(stop_deadline_.load()) - now_.time_since_epoch();
    wait = std::min(wait.value_or(rest), rest);
  }
  return wait ? static_cast<int>(round_up(*wait).count()) : -1;
}

bool EventLoop::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  inbox_.push_back(std::move(task));
  if (!woken_) {
    woken_ = true;
    wake();
  }
  return true;
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  // Emptied before the inbox is taken: a post after this line sets it again.
  [[maybe_unused]] const ssize_t size = read(wake_up_.get(), &count, sizeof count);
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    running_.swap(inbox_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t size = write(wake_up_.get(), &one, sizeof one);
}

void EventLoop::stop_gracefully(std::chrono::milliseconds deadline) {
  const MonotonicDuration at = clock_.now().time_since_epoch() + deadline;
  MonotonicDuration::rep known = stop_deadline_.load();
  while (at.count() < known && !stop_deadline_.compare_exchange_weak(known, at.count())) {
  }
  stop_requested_.store(true);
  wake();
}

void EventLoop::check_stop_request() {
  if (stopping_ || !stop_requested_.load(std::memory_order_acquire)) return;
  stopping_ = true;
  for (Client* client : clients_) client->begin_stop();
}

bool EventLoop::may_leave() const {
  if (!stopping_) return false;
  if (now_.time_since_epoch().count() >= stop_deadline_.load()) return true;
  return std::all_of(clients_.begin(), clients_.end(), [](const Client* client) { return client->is_stopped(); });
}

void EventLoop::close_inbox() {
  std::vector<Task> unrun;  // destroyed behind the lock: a task's captures may post when they die
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    unrun.swap(inbox_);
  }
}

Status EventLoop::watch(int fd, std::uint32_t events, Watcher& watcher) {
  return control(epoll_.get(), EPOLL_CTL_ADD, fd, events, &watcher);
}

void EventLoop::rewatch(int fd, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);  // can't fail for a descriptor that is watched
}

void EventLoop::unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

}  // namespace kagimori
