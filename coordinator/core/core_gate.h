// The way from other threads into the core: closed until the core exists and once it is gone.
#ifndef PROBEMESH_COORDINATOR_CORE_CORE_GATE_H_
#define PROBEMESH_COORDINATOR_CORE_CORE_GATE_H_

#include <functional>
#include <utility>

#include "common/event/event_loop.h"
#include "coordinator/core/core.h"

namespace probemesh::coordinator {

class CoreGate {
 public:
  // `loop` must outlive the gate, and the gate every run of the loop.
  explicit CoreGate(EventLoop& loop) : loop_(loop) {}

  // On the loop's thread, or while the loop does not run.
  void Open(Core& core) { core_ = &core; }
  void Close() { core_ = nullptr; }

  // Callable from any thread. Runs `task` on the loop's thread, in the order of posting; destroys
  // it unrun if the gate is closed by then.
  void Post(std::function<void(Core&)> task) {
    loop_.Post([this, task = std::move(task)] {
      if (core_ != nullptr) task(*core_);
    });
  }

  EventLoop& loop() { return loop_; }

 private:
  EventLoop& loop_;
  Core* core_ = nullptr;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_CORE_CORE_GATE_H_
