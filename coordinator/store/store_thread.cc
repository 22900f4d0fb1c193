#include "coordinator/store/store_thread.h"

#include <utility>

namespace probemesh::coordinator {

StoreThread::StoreThread(std::unique_ptr<Store> store, EventLoop& loop)
    : store_(std::move(store)), loop_(loop), thread_([this] { Run(); }) {}

StoreThread::~StoreThread() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void StoreThread::Submit(std::function<void(Store&)> work, std::function<void()> done) {
  ++*pending_;
  {
    MutexLock lock(mutex_);
    jobs_.push_back(Job{std::move(work), std::move(done)});
  }
  changed_.NotifyOne();
}

void StoreThread::Run() {
  // Made before the first job: a weak reference may be copied here while the loop counts.
  const std::weak_ptr<size_t> pending = pending_;
  while (true) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) changed_.Wait(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.work(*store_);
    // The work goes before the completion: what both share must be destroyed on the loop.
    job.work = nullptr;
    loop_.Post([pending, done = std::move(job.done)] {
      const std::shared_ptr<size_t> count = pending.lock();
      if (count == nullptr) return;
      --*count;
      done();
    });
  }
}

}  // namespace probemesh::coordinator
