// How the core reaches the store without ever waiting for a disk.
#ifndef PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_
#define PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_

#include <functional>

#include "coordinator/store/store.h"

namespace probemesh::coordinator {

// Loop thread only. Work runs in the order of submission, each on the store's thread; `done` runs
// on the loop afterwards, never from inside Submit. What is still queued at destruction is carried
// out first; its `done` is dropped.
class StoreExecutor {
 public:
  virtual ~StoreExecutor() = default;
  virtual void Submit(std::function<void(Store&)> work, std::function<void()> done) = 0;
  // Submissions not yet done: the core refuses new work when this grows.
  virtual size_t pending() const = 0;
};

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_STORE_STORE_EXECUTOR_H_
