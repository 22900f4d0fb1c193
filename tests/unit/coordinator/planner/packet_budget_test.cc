#include "coordinator/planner/packet_budget.h"

#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "coordinator/planner/probe_specs.h"

namespace probemesh::coordinator {
namespace {

const IpAddress kAddress = IpAddress::V4({192, 0, 2, 1});

TEST(PacketBudgetTest, CountsWhatSilenceWouldCost) {
  EXPECT_EQ(PacketsAtTarget(TcpSpec(v1::SERVICE, kAddress, 1, absl::Milliseconds(950))), 1);
  EXPECT_EQ(PacketsAtTarget(TcpSpec(v1::SERVICE, kAddress, 1, absl::Milliseconds(3280))), 4);
  EXPECT_EQ(PacketsAtTarget(TcpSpec(v1::SERVICE, kAddress, 1, absl::Hours(1))), 6);
  EXPECT_EQ(PacketsAtTarget(EchoSpec(v1::HOST, kAddress, absl::Seconds(3))), 1);
  EXPECT_EQ(PacketsAtTarget(ClosedPortSpec(kAddress, 0, absl::Seconds(3))), 1);
  EXPECT_EQ(PacketsAtTarget(DnsSpec(v1::SERVICE, "x", v1::IPV4, false, absl::Seconds(3))), 0);
  WalkShape shape;
  shape.last_ttl = 12;
  EXPECT_EQ(PacketsAtTarget(WalkSpec(kAddress, shape, absl::Milliseconds(950))), 9);
  EXPECT_EQ(PacketsAtTarget(WalkSpec(kAddress, shape, absl::Milliseconds(1700))), 18);
  shape.protocol = v1::TraceProbe::ICMP;
  EXPECT_EQ(PacketsAtTarget(WalkSpec(kAddress, shape, absl::Milliseconds(1700))), 9);
  shape.reprobe = true;
  EXPECT_EQ(PacketsAtTarget(WalkSpec(kAddress, shape, absl::Milliseconds(1700))), 18);
  shape.last_ttl = 2;
  EXPECT_EQ(PacketsAtTarget(WalkSpec(kAddress, shape, absl::Seconds(1))), 0);
}

TEST(PacketBudgetTest, IsSharedByTheMesh) {
  EXPECT_EQ(PacketBudget(0).left(), 0);
  EXPECT_EQ(PacketBudget(1).left(), 50);
  EXPECT_EQ(PacketBudget(4).left(), 200);
  EXPECT_EQ(PacketBudget(7).left(), 200);
  EXPECT_GT(PacketBudget(8).left(), 200);
}

TEST(PacketBudgetTest, RefusesWhatIsNotThereAndKeepsTheReserve) {
  PacketBudget budget(1);
  EXPECT_TRUE(budget.Take(10, 40));
  EXPECT_FALSE(budget.Take(1, 40));
  EXPECT_TRUE(budget.Take(40));
  EXPECT_FALSE(budget.Take(1));
  budget.Charge(5);
  EXPECT_EQ(budget.left(), -5);
}

}  // namespace
}  // namespace probemesh::coordinator
