// How the core reaches the store without ever waiting for a disk.
#ifndef PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_
#define PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_

#include <cstddef>
#include <functional>

#include "coordinator/store/store.h"

namespace probemesh::coordinator {

// Submissions that may be pending before callers refuse new work with UNAVAILABLE.
inline constexpr size_t kMaxPendingStoreWork = 1024;

// Loop thread only. Work runs in the order of submission, each on the store's thread; `done` runs
// on the loop afterwards, never from inside Submit. What is still queued at destruction is carried
// out first; its `done` is dropped.
class StoreExecutor {
 public:
  virtual ~StoreExecutor() = default;
  virtual void Submit(std::function<void(Store&)> work, std::function<void()> done) = 0;
  // Submissions not yet done. Nothing is ever dropped: whoever lets new work in checks full()
  // first.
  virtual size_t pending() const = 0;
  bool full() const { return pending() >= kMaxPendingStoreWork; }
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_
