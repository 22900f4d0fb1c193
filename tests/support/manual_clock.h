// A clock that moves only when a test moves it.
#ifndef PROBEMESH_TESTS_SUPPORT_MANUAL_CLOCK_H_
#define PROBEMESH_TESTS_SUPPORT_MANUAL_CLOCK_H_

#include "common/base/clock.h"

namespace probemesh {

// Not thread-safe. Starts at one hour of monotonic time and at 2026-01-01 00:00:00 UTC.
class ManualClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override { return monotonic_; }
  absl::Time Wall() const override { return wall_; }

  void Advance(absl::Duration duration) {
    monotonic_ += duration;
    wall_ += duration;
  }
  // Steps the wall clock alone, as an administrator or NTP does.
  void SetWall(absl::Time wall) { wall_ = wall; }

 private:
  MonotonicTime monotonic_ = absl::Hours(1);
  absl::Time wall_ = absl::FromUnixSeconds(1767225600);
};

}  // namespace probemesh

#endif  // PROBEMESH_TESTS_SUPPORT_MANUAL_CLOCK_H_
