#include "tests/support/manual_event_loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace probemesh {
namespace {

constexpr int kMaxTurns = 100'000;

}  // namespace

void ManualEventLoop::RunUntilIdle() {
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    if (!RunTurn()) return;
  }
  std::fputs("ManualEventLoop: nothing ends at this instant\n", stderr);
  std::abort();
}

void ManualEventLoop::AdvanceBy(absl::Duration duration) {
  AdvanceUntil([] { return false; }, duration);
}

bool ManualEventLoop::AdvanceUntil(const std::function<bool()>& done, absl::Duration limit) {
  const MonotonicTime end = clock_.Monotonic() + limit;
  RunUntilIdle();
  while (!done()) {
    if (timers_.empty() || timers_.begin()->first.first > end) {
      clock_.Advance(end - clock_.Monotonic());
      return done();
    }
    clock_.Advance(timers_.begin()->first.first - clock_.Monotonic());
    RunUntilIdle();
  }
  return true;
}

void ManualEventLoop::SetReady(int fd, uint32_t ready) { ready_[fd] = ready; }
void ManualEventLoop::ForgetFd(int fd) { ready_.erase(fd); }

void ManualEventLoop::Post(Task task) {
  MutexLock lock(mutex_);
  posted_.push_back(std::move(task));
}

TimerId ManualEventLoop::ScheduleAfter(absl::Duration delay, Task task) {
  const TimerId id = ++last_timer_;
  const MonotonicTime due = clock_.Monotonic() + std::max(delay, absl::ZeroDuration());
  timers_.emplace(std::make_pair(due, id), std::move(task));
  return id;
}

bool ManualEventLoop::CancelTimer(TimerId id) {
  const auto timer = std::find_if(timers_.begin(), timers_.end(),
                                  [id](const auto& entry) { return entry.first.second == id; });
  if (timer == timers_.end()) return false;
  const Task destroyed_last = std::move(timer->second);
  timers_.erase(timer);
  return true;
}

absl::Status ManualEventLoop::WatchFd(int fd, uint32_t interest, FdCallback callback) {
  if (watches_.count(fd) > 0) return absl::AlreadyExistsError("descriptor is watched already");
  watches_[fd] = Watch{interest, std::make_shared<FdCallback>(std::move(callback))};
  return absl::OkStatus();
}

void ManualEventLoop::UpdateFd(int fd, uint32_t interest) {
  const auto watch = watches_.find(fd);
  if (watch != watches_.end()) watch->second.interest = interest;
}

void ManualEventLoop::UnwatchFd(int fd) {
  const auto watch = watches_.find(fd);
  if (watch == watches_.end()) return;
  const std::shared_ptr<FdCallback> destroyed_last = watch->second.callback;
  watches_.erase(watch);
}

bool ManualEventLoop::RunTurn() {
  const bool dispatched = DispatchReady();
  const bool ran_posted = RunPosted();
  return RunDueTimers() || dispatched || ran_posted;
}

bool ManualEventLoop::DispatchReady() {
  std::vector<int> watched;
  for (const auto& entry : watches_) watched.push_back(entry.first);
  bool any = false;
  for (const int fd : watched) {
    const auto watch = watches_.find(fd);
    const auto ready = ready_.find(fd);
    if (watch == watches_.end() || ready == ready_.end()) continue;
    const uint32_t now = ready->second & (watch->second.interest | kError);
    if (now == 0) continue;
    const std::shared_ptr<FdCallback> callback = watch->second.callback;
    (*callback)(now);
    any = true;
  }
  return any;
}

bool ManualEventLoop::RunPosted() {
  std::vector<Task> tasks;
  {
    MutexLock lock(mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
  return !tasks.empty();
}

bool ManualEventLoop::RunDueTimers() {
  const TimerId last = last_timer_;
  const MonotonicTime now = clock_.Monotonic();
  bool any = false;
  auto timer = timers_.begin();
  while (timer != timers_.end() && timer->first.first <= now) {
    if (timer->first.second > last) {
      ++timer;
      continue;
    }
    const auto key = timer->first;
    const Task task = std::move(timer->second);
    timers_.erase(timer);
    task();
    any = true;
    timer = timers_.lower_bound(key);
  }
  return any;
}

}  // namespace probemesh
