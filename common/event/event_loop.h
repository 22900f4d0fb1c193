// What happens next, and when: timers, posted work and readiness of file descriptors on one thread.
#ifndef PROBEMESH_COMMON_EVENT_EVENT_LOOP_H_
#define PROBEMESH_COMMON_EVENT_EVENT_LOOP_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace probemesh {

using TimerId = uint64_t;  // never 0

// Readiness bits, combined with |. kError is always reported and need not be asked for.
inline constexpr uint32_t kReadable = 1;
inline constexpr uint32_t kWritable = 2;
inline constexpr uint32_t kError =
    4;  // EPOLLERR (error queue not empty, or a failed connect) or EPOLLHUP

// All methods belong to the loop's own thread, except Post.
class EventLoop {
 public:
  using Task = std::function<void()>;
  using FdCallback = std::function<void(uint32_t ready)>;

  virtual ~EventLoop() = default;

  virtual const Clock& clock() const = 0;

  // Runs `task` on the loop's thread, in the order of posting. Callable from any thread. Tasks
  // posted after the loop ended are destroyed without being run.
  virtual void Post(Task task) = 0;

  // Runs `task` once, not earlier than `delay` from now (zero and less: at the next turn, never
  // inline). Timers due at the same instant run in the order in which they were set.
  virtual TimerId ScheduleAfter(absl::Duration delay, Task task) = 0;

  // False if the timer has already run, was cancelled or never existed.
  virtual bool CancelTimer(TimerId id) = 0;

  // Level-triggered. One watch for each descriptor; a second one is ALREADY_EXISTS. The callback
  // may unwatch its own descriptor. Unwatch before closing the descriptor.
  virtual absl::Status WatchFd(int fd, uint32_t interest, FdCallback callback) = 0;
  virtual void UpdateFd(int fd, uint32_t interest) = 0;
  virtual void UnwatchFd(int fd) = 0;
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_EVENT_EVENT_LOOP_H_
