#include "common/base/clock.h"

#include <ctime>

namespace probemesh {
namespace {

class LinuxClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override {
    return absl::DurationFromTimespec(Read(CLOCK_MONOTONIC));
  }
  absl::Time Wall() const override { return absl::TimeFromTimespec(Read(CLOCK_REALTIME)); }

 private:
  static timespec Read(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return now;
  }
};

}  // namespace

const Clock& SystemClock() {
  static const LinuxClock clock;
  return clock;
}

}  // namespace probemesh
