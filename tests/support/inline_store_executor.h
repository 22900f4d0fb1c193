// The store without a thread: work runs at once, completions come on the loop's next turn.
#ifndef PROBEMESH_TESTS_SUPPORT_INLINE_STORE_EXECUTOR_H_
#define PROBEMESH_TESTS_SUPPORT_INLINE_STORE_EXECUTOR_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/event/event_loop.h"
#include "coordinator/store/store_executor.h"

namespace probemesh::coordinator {

// `store` and `loop` must outlive this.
class InlineStoreExecutor final : public StoreExecutor {
 public:
  InlineStoreExecutor(Store& store, EventLoop& loop) : store_(store), loop_(loop) {}

  // While held, submissions wait, as behind a slow disk. Release carries them out.
  void Hold() { held_ = true; }
  void Release() {
    held_ = false;
    std::vector<std::function<void()>> waiting;
    waiting.swap(waiting_);
    for (const std::function<void()>& job : waiting) job();
  }

  void Submit(std::function<void(Store&)> work, std::function<void()> done) override {
    ++*pending_;
    auto job = [this, work = std::move(work), done = std::move(done)] {
      work(store_);
      loop_.Post([pending = std::weak_ptr<size_t>(pending_), done] {
        const std::shared_ptr<size_t> count = pending.lock();
        if (count == nullptr) return;
        --*count;
        done();
      });
    };
    if (held_) {
      waiting_.push_back(std::move(job));
    } else {
      job();
    }
  }

  size_t pending() const override { return *pending_; }

 private:
  Store& store_;
  EventLoop& loop_;
  bool held_ = false;
  std::vector<std::function<void()>> waiting_;
  std::shared_ptr<size_t> pending_ = std::make_shared<size_t>(0);
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_TESTS_SUPPORT_INLINE_STORE_EXECUTOR_H_
