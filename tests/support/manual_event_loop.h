// The event loop under a test's control: virtual time, no thread, no system call, the same order on
// every run.
#ifndef PROBEMESH_TESTS_SUPPORT_MANUAL_EVENT_LOOP_H_
#define PROBEMESH_TESTS_SUPPORT_MANUAL_EVENT_LOOP_H_

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/event/event_loop.h"
#include "common/sync/mutex.h"
#include "tests/support/manual_clock.h"

namespace probemesh {

// One turn is, as in EpollEventLoop: ready descriptors by number, posted tasks, timers that are
// due. Post may be called from any thread; all else belongs to the test's thread.
class ManualEventLoop final : public EventLoop {
 public:
  ManualClock& manual_clock() { return clock_; }

  // Runs turns until nothing is ready at the present instant. Aborts after 100,000 turns, which
  // means that a callback never consumes its readiness or a timer of zero sets itself for ever.
  void RunUntilIdle();

  // Moves time forward from timer to timer, running everything that falls due on the way.
  void AdvanceBy(absl::Duration duration);

  // Like AdvanceBy, but stops as soon as `done` is true after an instant; false if `limit` passed
  // first.
  bool AdvanceUntil(const std::function<bool()>& done, absl::Duration limit);

  // The descriptor has this readiness until told otherwise. Kept for descriptors that nobody
  // watches yet; forgotten by ForgetFd.
  void SetReady(int fd, uint32_t ready);
  void ForgetFd(int fd);

  size_t timer_count() const { return timers_.size(); }
  size_t watch_count() const { return watches_.size(); }
  bool IsWatched(int fd) const { return watches_.count(fd) > 0; }

  const Clock& clock() const override { return clock_; }
  void Post(Task task) override;
  TimerId ScheduleAfter(absl::Duration delay, Task task) override;
  bool CancelTimer(TimerId id) override;
  absl::Status WatchFd(int fd, uint32_t interest, FdCallback callback) override;
  void UpdateFd(int fd, uint32_t interest) override;
  void UnwatchFd(int fd) override;

 private:
  struct Watch {
    uint32_t interest = 0;
    std::shared_ptr<FdCallback> callback;
  };

  bool RunTurn();
  bool DispatchReady();
  bool RunPosted();
  bool RunDueTimers();

  ManualClock clock_;
  std::map<int, Watch> watches_;
  std::map<int, uint32_t> ready_;
  std::map<std::pair<MonotonicTime, TimerId>, Task> timers_;
  TimerId last_timer_ = 0;
  Mutex mutex_;
  std::vector<Task> posted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_MANUAL_EVENT_LOOP_H_
