// How far this node's wall clock is from the coordinator's, from the times of heartbeats.
#ifndef PROBEMESH_PROBE_NODE_SESSION_CLOCK_OFFSET_H_
#define PROBEMESH_PROBE_NODE_SESSION_CLOCK_OFFSET_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace probemesh::node {

// The estimate of RFC 5905 section 8 with one server time, taken from the exchange with the
// shortest round trip among the last 16: queueing only ever adds to a round trip.
class ClockOffset {
 public:
  struct Estimate {
    absl::Duration offset;       // node minus coordinator
    absl::Duration uncertainty;  // half the round trip
  };

  void OnSent(uint64_t sequence, absl::Time wall, MonotonicTime now);
  // Ignores answers to heartbeats that were never sent, or answered before.
  void OnReply(uint64_t sequence, absl::Time coordinator_time, MonotonicTime now);
  // A new coordinator, a new clock.
  void Reset();

  std::optional<Estimate> estimate() const;

 private:
  struct Sent {
    absl::Time wall;
    MonotonicTime at;
  };

  std::map<uint64_t, Sent> waiting_;  // at most 16
  std::deque<Estimate> samples_;      // at most 16
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_CLOCK_OFFSET_H_
