// The node's budget of TTL-limited packets. Routers answer few of them (Linux: six at once, then
// one a second for each peer), so a node that asks too much makes routers silent for itself, and
// must not read that silence as a fault.
#ifndef PROBEMESH_PROBE_NODE_ENGINE_ICMP_GOVERNOR_H_
#define PROBEMESH_PROBE_NODE_ENGINE_ICMP_GOVERNOR_H_

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/net/ip_address.h"

namespace probemesh::node {

// One for the whole node, shared by all probes; loop thread only. Never blocks: who may not send
// yet is told how long to wait.
class IcmpGovernor {
 public:
  // Up to this distance all paths of a node share their routers: there the bucket applies.
  static constexpr int kSharedDistance = 3;
  static constexpr double kBurst = 3;
  static constexpr double kTokensPerSecond = 1;
  // From this many packets in the window on, a router's silence says nothing.
  static constexpr uint32_t kExhausted = 6;
  static constexpr absl::Duration kWindow = absl::Seconds(6);

  // `clock` must outlive the governor.
  explicit IcmpGovernor(const Clock& clock) : clock_(clock) {}

  // Zero: a packet whose TTL ends at `distance` may leave now, and is counted. Otherwise nothing is
  // counted, and the result is how long to wait before asking again.
  absl::Duration Request(IpAddress::Family family, int distance);

  // A packet that left without being asked for: the kernel's own retransmission of a SYN.
  void Count(IpAddress::Family family, int distance);

  // Packets counted in the last 6 s at that distance; saturates at 256.
  uint32_t Spend(IpAddress::Family family, int distance) const;

 private:
  struct Budget {
    double tokens = kBurst;
    MonotonicTime refilled;
    std::deque<MonotonicTime> sent;
  };

  Budget& Refilled(IpAddress::Family family, int distance, MonotonicTime now);
  static void Remember(Budget* budget, MonotonicTime now);

  const Clock& clock_;
  std::map<std::pair<IpAddress::Family, int>, Budget> budgets_;  // at most 2 x 255 entries
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENGINE_ICMP_GOVERNOR_H_
