// Loss, round-trip times, duplicates and reordering of a series of echo requests.
#ifndef PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_STATISTICS_H_
#define PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_STATISTICS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "probemesh/v1/observation.pb.h"

namespace probemesh::node {

class EchoStatistics {
 public:
  void AddSent() { ++sent_; }
  // The first reply to request number `sequence`.
  void AddReply(uint32_t sequence, absl::Duration rtt);
  void AddDuplicate() { ++duplicates_; }

  uint32_t sent() const { return sent_; }
  uint32_t received() const { return received_; }
  // Without replies the times stay unset. mdev is ping(8)'s: the population standard deviation.
  v1::IcmpEvidence Evidence() const;

 private:
  uint32_t sent_ = 0;
  uint32_t received_ = 0;
  uint32_t duplicates_ = 0;
  uint32_t reordered_ = 0;
  uint32_t highest_ = 0;
  absl::Duration min_;
  absl::Duration max_;
  double sum_seconds_ = 0;
  double sum_squares_ = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_PROBES_ICMP_ECHO_STATISTICS_H_
