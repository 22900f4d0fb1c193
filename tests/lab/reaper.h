// The process that outlives everyone who could forget a lab.
#ifndef PROBEMESH_TESTS_LAB_REAPER_H_
#define PROBEMESH_TESTS_LAB_REAPER_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/lab/lab_run.h"

namespace probemesh::lab {

// A double-forked process in a session of its own. Until Commit(), the death of this object's
// process (or the end of the object) tears the lab down; after it, the death of `owner` does (a
// pidfd, so a reused process id fools nobody). It goes by itself once the lab's folder is removed,
// and after Commit() when there is no owner.
class Reaper {
 public:
  // `owner` 0: nobody. The lab's folder must exist.
  static absl::StatusOr<Reaper> Start(const LabRun& run, pid_t owner);
  Reaper(Reaper&& other) noexcept : pipe_(other.pipe_) { other.pipe_ = -1; }
  Reaper& operator=(Reaper&&) = delete;
  ~Reaper();

  // The lab is up.
  void Commit();

 private:
  explicit Reaper(int pipe) : pipe_(pipe) {}
  int pipe_;
};

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_REAPER_H_
