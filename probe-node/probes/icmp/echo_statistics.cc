#include "probe-node/probes/icmp/echo_statistics.h"

#include <algorithm>
#include <cmath>

#include "common/base/proto_time.h"

namespace probemesh::node {

void EchoStatistics::AddReply(uint32_t sequence, absl::Duration rtt) {
  if (received_ > 0 && sequence < highest_) ++reordered_;
  highest_ = std::max(highest_, sequence);
  min_ = received_ == 0 ? rtt : std::min(min_, rtt);
  max_ = std::max(max_, rtt);
  const double seconds = absl::ToDoubleSeconds(rtt);
  sum_seconds_ += seconds;
  sum_squares_ += seconds * seconds;
  ++received_;
}

v1::IcmpEvidence EchoStatistics::Evidence() const {
  v1::IcmpEvidence evidence;
  evidence.set_sent(sent_);
  evidence.set_received(received_);
  evidence.set_duplicates(duplicates_);
  evidence.set_reordered(reordered_);
  if (received_ == 0) return evidence;
  const double mean = sum_seconds_ / received_;
  const double variance = std::max(0.0, sum_squares_ / received_ - mean * mean);
  *evidence.mutable_rtt_min() = ToProto(min_);
  *evidence.mutable_rtt_avg() = ToProto(absl::Seconds(mean));
  *evidence.mutable_rtt_max() = ToProto(max_);
  *evidence.mutable_rtt_mdev() = ToProto(absl::Seconds(std::sqrt(variance)));
  return evidence;
}

}  // namespace probemesh::node
