// Walks over the kernel's own loopback: a path of length one.
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/probes/trace/trace_probe.h"
#include "tests/support/loopback_port.h"
#include "tests/support/probe_runner.h"

namespace probemesh::node {
namespace {

class TraceLoopbackTest : public testing::TestWithParam<IpAddress::Family> {
 protected:
  void ExpectReached(v1::TraceProbe::Protocol protocol, const LoopbackPort& port) {
    v1::ProbeSpec spec;
    spec.set_address(port.address());
    spec.set_port(port.port());
    *spec.mutable_timeout() = ToProto(absl::Seconds(20));
    spec.mutable_trace()->set_protocol(protocol);
    ProbeRunner runner;
    const absl::Status made = MakeTraceProbe(spec, runner.context).status();
    if (absl::IsFailedPrecondition(made)) GTEST_SKIP() << made;
    const v1::Observation seen = runner.Run(MakeTraceProbe, spec);
    EXPECT_EQ(seen.outcome(), v1::ANSWERED);
    EXPECT_TRUE(seen.trace().reached());
    EXPECT_EQ(seen.trace().last_responder(), port.address());
    ASSERT_GE(seen.trace().hops_size(), 1);
    EXPECT_EQ(seen.trace().hops(0).ttl(), 1u);
    EXPECT_LT(FromProto(seen.duration()), absl::Seconds(10));
  }
};

TEST_P(TraceLoopbackTest, TcpToAnOpenPort) {
  const LoopbackPort port(LoopbackPort::Kind::kTcpListening, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  ExpectReached(v1::TraceProbe::TCP, port);
}

TEST_P(TraceLoopbackTest, TcpToAClosedPort) {
  const LoopbackPort port(LoopbackPort::Kind::kTcpClosed, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  ExpectReached(v1::TraceProbe::TCP, port);
}

TEST_P(TraceLoopbackTest, Udp) {
  const LoopbackPort port(LoopbackPort::Kind::kUdpClosed, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  ExpectReached(v1::TraceProbe::UDP, port);
}

TEST_P(TraceLoopbackTest, Icmp) {
  const LoopbackPort port(LoopbackPort::Kind::kUdpClosed, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  ExpectReached(v1::TraceProbe::ICMP, port);
}

INSTANTIATE_TEST_SUITE_P(Families, TraceLoopbackTest,
                         testing::Values(IpAddress::Family::kV4, IpAddress::Family::kV6),
                         [](const auto& family) {
                           return family.param == IpAddress::Family::kV4 ? "V4" : "V6";
                         });

}  // namespace
}  // namespace probemesh::node
