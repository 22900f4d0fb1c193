#include "common/event/epoll_event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/sync/mutex.h"

namespace probemesh {
namespace {

constexpr int kEventsPerTurn = 128;
// Bounds the wait, so that a clock that jumps or a lost wakeup costs seconds, not forever.
constexpr int64_t kMaxWaitMs = 10'000;
constexpr uint64_t kWakeToken = ~uint64_t{0};

uint32_t ToEpoll(uint32_t interest) {
  uint32_t events = 0;
  if ((interest & kReadable) != 0) events |= EPOLLIN;
  if ((interest & kWritable) != 0) events |= EPOLLOUT;
  return events;
}

uint32_t FromEpoll(uint32_t events) {
  uint32_t ready = 0;
  if ((events & EPOLLIN) != 0) ready |= kReadable;
  if ((events & EPOLLOUT) != 0) ready |= kWritable;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) ready |= kError;
  return ready;
}

int CheckedDescriptor(int fd, const char* call) {
  if (fd >= 0) return fd;
  std::perror(call);
  std::abort();
}

// The generation tells an event of a closed descriptor from one of its successor with the same
// number.
uint64_t Token(int fd, uint32_t generation) {
  return (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
}

}  // namespace

class EpollEventLoop::Impl {
 public:
  explicit Impl(const Clock& clock)
      : clock_(clock),
        epoll_fd_(CheckedDescriptor(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        wake_fd_(CheckedDescriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeToken}};
    CheckedDescriptor(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event), "epoll_ctl");
  }

  ~Impl() {
    close(wake_fd_);
    close(epoll_fd_);
  }

  void Run() {
    while (!stopping_.load()) {
      // Descriptors first: an answer that is already here beats a deadline that is due as well.
      WaitAndDispatch();
      RunPosted();
      RunDueTimers();
    }
    End();
  }

  void Stop() {
    stopping_.store(true);
    Wake();
  }

  const Clock& clock() const { return clock_; }

  void Post(Task task) {
    {
      MutexLock lock(mutex_);
      if (ended_) return;  // `task` dies with this call's argument, outside of the lock
      posted_.push_back(std::move(task));
      if (posted_.size() > 1) return;  // whoever came first woke the loop
    }
    Wake();
  }

  TimerId ScheduleAfter(absl::Duration delay, Task task) {
    const TimerId id = ++last_timer_;
    const MonotonicTime due = clock_.Monotonic() + std::max(delay, absl::ZeroDuration());
    timers_.emplace(std::make_pair(due, id), std::move(task));
    due_times_.emplace(id, due);
    return id;
  }

  bool CancelTimer(TimerId id) {
    const auto found = due_times_.find(id);
    if (found == due_times_.end()) return false;
    const auto timer = timers_.find({found->second, id});
    const Task destroyed_last = std::move(timer->second);
    timers_.erase(timer);
    due_times_.erase(found);
    return true;
  }

  absl::Status WatchFd(int fd, uint32_t interest, FdCallback callback) {
    if (watches_.count(fd) > 0) {
      return absl::AlreadyExistsError(absl::StrCat("descriptor ", fd, " is watched already"));
    }
    const uint32_t generation = ++last_generation_;
    epoll_event event{.events = ToEpoll(interest), .data = {.u64 = Token(fd, generation)}};
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch descriptor ", fd));
    }
    watches_[fd] = Watch{generation, std::make_shared<FdCallback>(std::move(callback))};
    return absl::OkStatus();
  }

  void UpdateFd(int fd, uint32_t interest) {
    const auto watch = watches_.find(fd);
    if (watch == watches_.end()) return;
    epoll_event event{.events = ToEpoll(interest),
                      .data = {.u64 = Token(fd, watch->second.generation)}};
    epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
  }

  void UnwatchFd(int fd) {
    const auto watch = watches_.find(fd);
    if (watch == watches_.end()) return;
    const std::shared_ptr<FdCallback> destroyed_last = watch->second.callback;
    watches_.erase(watch);
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  }

 private:
  struct Watch {
    uint32_t generation = 0;
    std::shared_ptr<FdCallback> callback;  // shared: a callback may unwatch itself while it runs
  };

  void Wake() {
    const uint64_t one = 1;
    // A full counter means that a wakeup is pending already.
    [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
  }

  int WaitMs() const {
    if (timers_.empty()) return static_cast<int>(kMaxWaitMs);
    const absl::Duration wait = timers_.begin()->first.first - clock_.Monotonic();
    // Rounded up: waking before the timer is due would spin.
    const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
    return static_cast<int>(std::clamp<int64_t>(ms, 0, kMaxWaitMs));
  }

  void WaitAndDispatch() {
    std::array<epoll_event, kEventsPerTurn> events;
    const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, WaitMs());
    for (int i = 0; i < count; ++i) Dispatch(events[i]);
  }

  void Dispatch(const epoll_event& event) {
    if (event.data.u64 == kWakeToken) {
      uint64_t drained = 0;
      [[maybe_unused]] const ssize_t octets = read(wake_fd_, &drained, sizeof(drained));
      return;
    }
    const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
    const auto watch = watches_.find(fd);
    if (watch == watches_.end()) return;
    if (Token(fd, watch->second.generation) != event.data.u64) return;
    const std::shared_ptr<FdCallback> callback = watch->second.callback;
    (*callback)(FromEpoll(event.events));
  }

  void RunPosted() {
    std::vector<Task> tasks;
    {
      MutexLock lock(mutex_);
      tasks.swap(posted_);
    }
    for (Task& task : tasks) {
      task();
      task = nullptr;
    }
  }

  // Timers that a timer sets wait for the next turn, even with a delay of zero.
  void RunDueTimers() {
    const MonotonicTime now = clock_.Monotonic();
    const TimerId last = last_timer_;
    auto timer = timers_.begin();
    while (timer != timers_.end() && timer->first.first <= now) {
      if (timer->first.second > last) {
        ++timer;
        continue;
      }
      const auto key = timer->first;
      const Task task = std::move(timer->second);
      timers_.erase(timer);
      due_times_.erase(key.second);
      task();
      timer = timers_.lower_bound(key);
    }
  }

  void End() {
    std::vector<Task> dropped;
    MutexLock lock(mutex_);
    ended_ = true;
    dropped.swap(posted_);
    dropped_ = std::move(dropped);  // destroyed with the loop, not under the lock
  }

  const Clock& clock_;
  const int epoll_fd_;
  const int wake_fd_;
  std::atomic<bool> stopping_{false};
  std::map<int, Watch> watches_;
  uint32_t last_generation_ = 0;
  std::map<std::pair<MonotonicTime, TimerId>, Task> timers_;
  std::map<TimerId, MonotonicTime> due_times_;
  TimerId last_timer_ = 0;
  Mutex mutex_;
  std::vector<Task> posted_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Task> dropped_;
};

EpollEventLoop::EpollEventLoop(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
EpollEventLoop::~EpollEventLoop() = default;

void EpollEventLoop::Run() { impl_->Run(); }
void EpollEventLoop::Stop() { impl_->Stop(); }
const Clock& EpollEventLoop::clock() const { return impl_->clock(); }
void EpollEventLoop::Post(Task task) { impl_->Post(std::move(task)); }
TimerId EpollEventLoop::ScheduleAfter(absl::Duration delay, Task task) {
  return impl_->ScheduleAfter(delay, std::move(task));
}
bool EpollEventLoop::CancelTimer(TimerId id) { return impl_->CancelTimer(id); }
absl::Status EpollEventLoop::WatchFd(int fd, uint32_t interest, FdCallback callback) {
  return impl_->WatchFd(fd, interest, std::move(callback));
}
void EpollEventLoop::UpdateFd(int fd, uint32_t interest) { impl_->UpdateFd(fd, interest); }
void EpollEventLoop::UnwatchFd(int fd) { impl_->UnwatchFd(fd); }

}  // namespace probemesh
