// One timer and its owner: what every object with a timeout would otherwise write by hand.
#ifndef PROBEMESH_COMMON_EVENT_LOOP_TIMER_H_
#define PROBEMESH_COMMON_EVENT_LOOP_TIMER_H_

#include <utility>

#include "common/event/event_loop.h"

namespace probemesh {

// Loop thread only. Setting it again replaces it; destroying it cancels it. The task may do both.
class LoopTimer {
 public:
  explicit LoopTimer(EventLoop& loop) : loop_(loop) {}
  ~LoopTimer() { Cancel(); }
  LoopTimer(const LoopTimer&) = delete;
  LoopTimer& operator=(const LoopTimer&) = delete;

  void Set(absl::Duration delay, EventLoop::Task task) {
    Cancel();
    id_ = loop_.ScheduleAfter(delay, [this, task = std::move(task)] {
      id_ = 0;
      task();
    });
  }
  void Cancel() {
    if (id_ != 0) loop_.CancelTimer(std::exchange(id_, 0));
  }
  bool is_set() const { return id_ != 0; }

 private:
  EventLoop& loop_;
  TimerId id_ = 0;
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_EVENT_LOOP_TIMER_H_
