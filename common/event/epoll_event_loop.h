// The real event loop: epoll, an eventfd for Post, and a timer heap.
#ifndef PROBEMESH_COMMON_EVENT_EPOLL_EVENT_LOOP_H_
#define PROBEMESH_COMMON_EVENT_EPOLL_EVENT_LOOP_H_

#include <memory>

#include "common/event/event_loop.h"

namespace probemesh {

class EpollEventLoop final : public EventLoop {
 public:
  // `clock` must outlive the loop. Aborts if the process is out of descriptors.
  explicit EpollEventLoop(const Clock& clock = SystemClock());
  ~EpollEventLoop() override;

  // Runs on the calling thread until Stop. May be called once.
  void Run();
  // Callable from any thread and from a task; Run returns after the current turn.
  void Stop();

  const Clock& clock() const override;
  void Post(Task task) override;
  TimerId ScheduleAfter(absl::Duration delay, Task task) override;
  bool CancelTimer(TimerId id) override;
  absl::Status WatchFd(int fd, uint32_t interest, FdCallback callback) override;
  void UpdateFd(int fd, uint32_t interest) override;
  void UnwatchFd(int fd) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_EVENT_EPOLL_EVENT_LOOP_H_
