// The TCP probe over the kernel's own loopback.
#include <gtest/gtest.h>

#include "common/base/proto_time.h"
#include "probe-node/probes/tcp/tcp_probe.h"
#include "tests/support/loopback_port.h"
#include "tests/support/probe_runner.h"

namespace probemesh::node {
namespace {

class TcpLoopbackTest : public testing::TestWithParam<IpAddress::Family> {
 protected:
  v1::Observation Probe(const LoopbackPort& port) {
    v1::ProbeSpec spec;
    spec.set_address(port.address());
    spec.set_port(port.port());
    *spec.mutable_timeout() = ToProto(absl::Seconds(20));
    spec.mutable_tcp();
    return runner_.Run(MakeTcpProbe, spec);
  }

  ProbeRunner runner_;
};

TEST_P(TcpLoopbackTest, AnOpenPortAnswers) {
  const LoopbackPort port(LoopbackPort::Kind::kTcpListening, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  const v1::Observation seen = Probe(port);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.exchanges(0).flow().source_address(), port.address());
}

TEST_P(TcpLoopbackTest, AClosedPortRefuses) {
  const LoopbackPort port(LoopbackPort::Kind::kTcpClosed, GetParam());
  if (!port.ok()) GTEST_SKIP() << "no loopback of this family";
  const v1::Observation seen = Probe(port);
  EXPECT_EQ(seen.outcome(), v1::REFUSED);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::RST);
}

INSTANTIATE_TEST_SUITE_P(Families, TcpLoopbackTest,
                         testing::Values(IpAddress::Family::kV4, IpAddress::Family::kV6),
                         [](const auto& family) {
                           return family.param == IpAddress::Family::kV4 ? "V4" : "V6";
                         });

}  // namespace
}  // namespace probemesh::node
