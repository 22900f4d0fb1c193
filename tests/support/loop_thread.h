// The real event loop on a thread of its own, for tests that talk to real sockets.
#ifndef PROBEMESH_TESTS_SUPPORT_LOOP_THREAD_H_
#define PROBEMESH_TESTS_SUPPORT_LOOP_THREAD_H_

#include <functional>
#include <future>
#include <thread>

#include "common/event/epoll_event_loop.h"

namespace probemesh {

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.Run(); }) {}
  ~LoopThread() { Stop(); }

  EventLoop& loop() { return loop_; }

  // Runs `task` on the loop and waits for it.
  void Run(const std::function<void()>& task) {
    std::promise<void> done;
    loop_.Post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  void Stop() {
    if (!thread_.joinable()) return;
    loop_.Stop();
    thread_.join();
  }

 private:
  EpollEventLoop loop_;
  std::thread thread_;
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_LOOP_THREAD_H_
