// Makes files durable behind the loop's back: fdatasync can take seconds, and the loop has probes
// to time.
#ifndef PROBEMESH_PROBE_NODE_SPOOL_SYNC_WORKER_H_
#define PROBEMESH_PROBE_NODE_SPOOL_SYNC_WORKER_H_

#include <thread>

#include "common/sync/mutex.h"

namespace probemesh::node {

class SyncWorker {
 public:
  SyncWorker();
  // Finishes the request in hand, then joins.
  ~SyncWorker();

  // Never blocks. Requests that come while one is running are folded into one. The descriptor is
  // duplicated: the caller may close its own at any time. A failure is logged.
  void Request(int fd);

 private:
  void Run();

  Mutex mutex_;
  CondVar wake_;
  int pending_fd_ ABSL_GUARDED_BY(mutex_) = -1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SPOOL_SYNC_WORKER_H_
