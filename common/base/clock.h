// Time as a seam: production code never reads a system clock except through a Clock that it was
// given.
#ifndef PROBEMESH_COMMON_BASE_CLOCK_H_
#define PROBEMESH_COMMON_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace probemesh {

// A reading of a monotonic clock: the time since an arbitrary origin of this process. Only
// differences mean anything; never send one to another machine.
using MonotonicTime = absl::Duration;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Monotonic() const = 0;
  virtual absl::Time Wall() const = 0;
};

// CLOCK_MONOTONIC and CLOCK_REALTIME. The returned object lives as long as the process.
const Clock& SystemClock();

}  // namespace probemesh

#endif  // PROBEMESH_COMMON_BASE_CLOCK_H_
