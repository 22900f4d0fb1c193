// Where a TTL-limited packet waits for its turn.
#ifndef PROBEMESH_PROBE_NODE_ENGINE_ICMP_GATE_H_
#define PROBEMESH_PROBE_NODE_ENGINE_ICMP_GATE_H_

#include <cstdint>
#include <functional>
#include <set>

#include "common/event/event_loop.h"
#include "common/net/ip_address.h"
#include "probe-node/engine/icmp_governor.h"

namespace probemesh::node {

// One for each probe, loop thread only. What still waits when it is destroyed is never sent.
class IcmpGate {
 public:
  // Told how many packets this node had sent to that distance in the 6 s before this one.
  using Send = std::function<void(uint32_t spend)>;

  IcmpGate(EventLoop& loop, IcmpGovernor& governor) : loop_(loop), governor_(governor) {}
  ~IcmpGate() { Clear(); }
  IcmpGate(const IcmpGate&) = delete;
  IcmpGate& operator=(const IcmpGate&) = delete;

  // Calls `send` as soon as the governor allows it: now, from inside this call, or later from the
  // loop. A `ttl` of 0 is the system's default and needs no permission.
  void Pass(IpAddress::Family family, int ttl, Send send);
  // Drops everything that waits.
  void Clear();

 private:
  EventLoop& loop_;
  IcmpGovernor& governor_;
  std::set<TimerId> waiting_;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_ENGINE_ICMP_GATE_H_
