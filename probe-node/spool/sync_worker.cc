#include "probe-node/spool/sync_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/log/log.h"

namespace probemesh::node {

SyncWorker::SyncWorker() : thread_([this] { Run(); }) {}

SyncWorker::~SyncWorker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
  if (pending_fd_ >= 0) close(pending_fd_);
}

void SyncWorker::Request(int fd) {
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return;
  int replaced = -1;
  {
    MutexLock lock(mutex_);
    replaced = std::exchange(pending_fd_, duplicate);
  }
  wake_.NotifyAll();
  if (replaced >= 0) close(replaced);
}

void SyncWorker::Run() {
  while (true) {
    int fd = -1;
    {
      MutexLock lock(mutex_);
      while (pending_fd_ < 0 && !stopping_) wake_.Wait(mutex_);
      if (pending_fd_ < 0) return;
      fd = std::exchange(pending_fd_, -1);
    }
    if (fdatasync(fd) != 0) LogWarning("spool_sync_failed", {{"error", std::strerror(errno)}});
    close(fd);
  }
}

}  // namespace probemesh::node
