// The UDP probe over the kernel's own loopback.
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/probes/udp/udp_probe.h"
#include "tests/support/loopback_port.h"
#include "tests/support/probe_runner.h"

namespace probemesh::node {
namespace {

TEST(UdpLoopback, AClosedPortProvesTheHostAlive) {
  for (const auto family : {IpAddress::Family::kV4, IpAddress::Family::kV6}) {
    const LoopbackPort port(LoopbackPort::Kind::kUdpClosed, family);
    if (!port.ok()) continue;  // no loopback of this family
    v1::ProbeSpec spec;
    spec.set_address(port.address());
    spec.set_port(port.port());
    *spec.mutable_timeout() = ToProto(absl::Seconds(20));
    spec.mutable_udp();
    ProbeRunner runner;
    const v1::Observation seen = runner.Run(MakeUdpProbe, spec);
    EXPECT_EQ(seen.outcome(), v1::ANSWERED) << port.address();
    EXPECT_EQ(seen.exchanges(0).icmp_error().offender(), port.address());
    EXPECT_EQ(seen.exchanges(0).icmp_error().quoted_length(), 16u);
  }
}

}  // namespace
}  // namespace probemesh::node
