#include "probe-node/spool/sync_worker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_directory.h"

namespace probemesh::node {
namespace {

TEST(SyncWorkerTest, TakesManyRequestsAndClosesEveryDescriptorItMade) {
  const TempDirectory dir;
  const int fd = open((dir / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  {
    SyncWorker worker;
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(write(fd, "x", 1), 1);
      worker.Request(fd);
    }
  }
  // The lowest free number is the one after ours again: nothing leaked.
  const int next = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  EXPECT_LE(next, fd + 1);
  close(next);
  close(fd);
}

TEST(SyncWorkerTest, CallerMayCloseAtOnce) {
  const TempDirectory dir;
  SyncWorker worker;
  const int fd = open((dir / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  worker.Request(fd);
  close(fd);
  worker.Request(-1);  // nothing to sync: ignored
}

}  // namespace
}  // namespace probemesh::node
