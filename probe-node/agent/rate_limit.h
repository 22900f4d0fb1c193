// A token bucket.
#ifndef PROBEMESH_PROBE_NODE_AGENT_RATE_LIMIT_H_
#define PROBEMESH_PROBE_NODE_AGENT_RATE_LIMIT_H_

#include <algorithm>

#include "common/base/clock.h"

namespace probemesh::node {

class RateLimit {
 public:
  // Holds one second's worth, at least one. A rate of 0 is no limit. `clock` must outlive this.
  RateLimit(double per_second, const Clock& clock)
      : per_second_(per_second), clock_(clock), tokens_(Capacity()), filled_(clock.Monotonic()) {}

  // Takes one, if there is one.
  bool Take() {
    if (per_second_ <= 0) return true;
    const MonotonicTime now = clock_.Monotonic();
    const double gained = absl::ToDoubleSeconds(now - filled_) * per_second_;
    tokens_ = std::min(Capacity(), tokens_ + gained);
    filled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double Capacity() const { return std::max(1.0, per_second_); }

  const double per_second_;
  const Clock& clock_;
  double tokens_;
  MonotonicTime filled_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_AGENT_RATE_LIMIT_H_
