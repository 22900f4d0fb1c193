// The packets that the kernel sends by itself while a handshake is unanswered.
#ifndef PROBEMESH_PROBE_NODE_PROBES_TCP_SYN_RETRANSMISSIONS_H_
#define PROBEMESH_PROBE_NODE_PROBES_TCP_SYN_RETRANSMISSIONS_H_

#include "absl/time/time.h"
#include "probe-node/engine/icmp_governor.h"
#include "probe-node/engine/probe.h"

namespace probemesh::node {

// Counts them in the governor as long as it lives: Linux repeats a SYN, with the TTL it had, after
// 1 s and then after twice the time again (RFC 6298 2.1, 5.5), and nothing can ask it not to.
class SynRetransmissions {
 public:
  // Begins at the moment of the SYN. A `ttl` of 0 draws no errors and is not counted.
  SynRetransmissions(ProbeContext& context, IpAddress::Family family, int ttl);
  ~SynRetransmissions() { context_.loop.CancelTimer(timer_); }
  SynRetransmissions(const SynRetransmissions&) = delete;
  SynRetransmissions& operator=(const SynRetransmissions&) = delete;

 private:
  void WaitForNext();

  ProbeContext& context_;
  const IpAddress::Family family_;
  const int ttl_;
  absl::Duration timeout_ = absl::Seconds(1);
  TimerId timer_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_TCP_SYN_RETRANSMISSIONS_H_
