#include "probe-node/probes/icmp/echo_statistics.h"

#include <gtest/gtest.h>

#include "common/base/proto_time.h"

namespace probemesh::node {
namespace {

TEST(EchoStatistics, ComputesWhatPingPrints) {
  EchoStatistics statistics;
  for (int i = 0; i < 4; ++i) statistics.AddSent();
  statistics.AddReply(0, absl::Milliseconds(10));
  statistics.AddReply(2, absl::Milliseconds(40));
  statistics.AddReply(1, absl::Milliseconds(10));
  statistics.AddDuplicate();
  const v1::IcmpEvidence evidence = statistics.Evidence();
  EXPECT_EQ(evidence.sent(), 4u);
  EXPECT_EQ(evidence.received(), 3u);
  EXPECT_EQ(evidence.duplicates(), 1u);
  EXPECT_EQ(evidence.reordered(), 1u);
  EXPECT_EQ(FromProto(evidence.rtt_min()), absl::Milliseconds(10));
  EXPECT_EQ(FromProto(evidence.rtt_max()), absl::Milliseconds(40));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(FromProto(evidence.rtt_avg())), 20.0, 0.001);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(FromProto(evidence.rtt_mdev())), 14.142, 0.001);
}

TEST(EchoStatistics, WithoutRepliesThereAreNoTimes) {
  EchoStatistics statistics;
  statistics.AddSent();
  const v1::IcmpEvidence evidence = statistics.Evidence();
  EXPECT_EQ(evidence.sent(), 1u);
  EXPECT_FALSE(evidence.has_rtt_min());
  EXPECT_FALSE(evidence.has_rtt_mdev());
}

TEST(EchoStatistics, EqualTimesHaveNoDeviation) {
  EchoStatistics statistics;
  for (uint32_t i = 0; i < 100; ++i) statistics.AddReply(i, absl::Nanoseconds(33'333'333));
  EXPECT_NEAR(absl::ToDoubleMilliseconds(FromProto(statistics.Evidence().rtt_mdev())), 0.0, 0.01);
}

}  // namespace
}  // namespace probemesh::node
