// The store on a thread of its own, so that a slow disk never holds up the core.
#ifndef PROBEMESH_COORDINATOR_STORE_STORE_THREAD_H_
#define PROBEMESH_COORDINATOR_STORE_STORE_THREAD_H_

#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "common/event/event_loop.h"
#include "common/sync/mutex.h"
#include "coordinator/store/store_executor.h"

namespace probemesh::coordinator {

// All methods, and destruction, belong to `loop`'s thread (or to a time when the loop does not
// run).
class StoreThread final : public StoreExecutor {
 public:
  // `loop` must outlive this.
  StoreThread(std::unique_ptr<Store> store, EventLoop& loop);
  // Waits until all that was submitted is carried out.
  ~StoreThread() override;

  void Submit(std::function<void(Store&)> work, std::function<void()> done) override;
  size_t pending() const override { return *pending_; }

 private:
  struct Job {
    std::function<void(Store&)> work;
    std::function<void()> done;
  };

  void Run();

  std::unique_ptr<Store> store_;
  EventLoop& loop_;
  // Loop thread only; outlives this in completions that the loop has still to run, which hold it
  // weakly and thereby learn that they are to be dropped.
  std::shared_ptr<size_t> pending_ = std::make_shared<size_t>(0);
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_STORE_THREAD_H_
