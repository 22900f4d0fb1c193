// SIGTERM and SIGINT as something to read.
#ifndef PROBEMESH_COMMON_EVENT_STOP_SIGNALS_H_
#define PROBEMESH_COMMON_EVENT_STOP_SIGNALS_H_

#include "absl/time/time.h"

namespace probemesh {

// Make it before the first thread: it blocks the signals in the calling thread, and threads inherit
// that. SIGPIPE is ignored from then on.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Readable once one of them came.
  int fd() const { return fd_; }
  // Takes one, if there is one. Never blocks.
  bool Take();
  // Blocks for `limit` at most; true if one came (and is still there to take).
  bool WaitFor(absl::Duration limit) const;

 private:
  int fd_;
};

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_EVENT_STOP_SIGNALS_H_
