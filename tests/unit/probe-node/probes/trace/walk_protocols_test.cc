// What each of the three protocols does in its own way.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "common/base/proto_time.h"
#include "probe-node/probes/trace/trace_probe.h"
#include "probe-node/probes/udp/udp_probe.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

class WalkProtocolsTest : public testing::Test {
 protected:
  WalkProtocolsTest() {
    spec_.set_address("192.0.2.1");
    *spec_.mutable_timeout() = ToProto(absl::Seconds(3));
    *spec_.mutable_trace()->mutable_reprobe_after() = ToProto(absl::Milliseconds(400));
    path_.Attach(&runner_.sockets);
  }

  v1::Observation Walk(v1::TraceProbe::Protocol protocol) {
    spec_.mutable_trace()->set_protocol(protocol);
    if (protocol == v1::TraceProbe::TCP) spec_.set_port(443);
    return runner_.Run(MakeTraceProbe, spec_);
  }
  std::set<int> SourcePorts() const {
    std::set<int> ports;
    for (const FakeSocketOps::Packet& packet : runner_.sockets.packets()) {
      ports.insert(packet.from.port);
    }
    return ports;
  }
  std::set<int> DestinationPorts() const {
    std::set<int> ports;
    for (const FakeSocketOps::Packet& packet : runner_.sockets.packets()) {
      ports.insert(packet.to.port);
    }
    return ports;
  }

  FakeProbeRunner runner_;
  FakePath path_;
  v1::ProbeSpec spec_;
};

TEST_F(WalkProtocolsTest, UdpKeepsToOneFlow) {
  path_.mute = {2};
  const v1::Observation seen = Walk(v1::TraceProbe::UDP);
  EXPECT_TRUE(seen.trace().stable_flow());
  EXPECT_EQ(SourcePorts().size(), 1u);
  EXPECT_EQ(DestinationPorts(), std::set<int>{kPresumablyClosedPort});
}

TEST_F(WalkProtocolsTest, UdpUsesOtherPortsWhereQuotationsAreTooShort) {
  path_.quote_at_most = 0;
  const v1::Observation seen = Walk(v1::TraceProbe::UDP);
  EXPECT_FALSE(seen.trace().stable_flow());
  EXPECT_TRUE(seen.trace().reached());
  ASSERT_GE(seen.trace().hops_size(), 4);
  for (int i = 0; i < 3; ++i) {
    const v1::TraceHop& hop = seen.trace().hops(i);
    EXPECT_EQ(hop.address(), path_.routers[static_cast<size_t>(i)]) << hop.ShortDebugString();
  }
  EXPECT_EQ(seen.trace().hops(3).address(), "192.0.2.1");
  // Somebody answered the first packets: their silence is none.
  EXPECT_EQ(seen.trace().hops(0).exchanges(0).reply(), v1::NO_REPLY_UNKNOWN);
}

TEST_F(WalkProtocolsTest, UdpSilenceIsUnknownWhenNobodyCanBeAskedAgain) {
  path_.quote_at_most = 4;
  path_.hop_delay = absl::Milliseconds(100);  // all are on their way before the first answer
  spec_.mutable_trace()->clear_reprobe_after();
  spec_.mutable_trace()->set_last_ttl(5);
  const v1::Observation seen = Walk(v1::TraceProbe::UDP);
  EXPECT_FALSE(seen.trace().reached());
  for (const v1::TraceHop& hop : seen.trace().hops()) {
    EXPECT_EQ(hop.exchanges(0).reply(), v1::NO_REPLY_UNKNOWN);
  }
}

TEST_F(WalkProtocolsTest, UdpAnswersOfAServiceThatEchoesAreAttributed) {
  runner_.sockets.set_network([this](const FakeSocketOps::Packet& packet) {
    if (packet.ttl < 4) return path_.OnPacket(packet);
    ReceivedDatagram echo;
    echo.payload = packet.payload;
    echo.from = packet.to;
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(8), echo);
  });
  const v1::Observation seen = Walk(v1::TraceProbe::UDP);
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply(), v1::POSITIVE);
}

TEST_F(WalkProtocolsTest, IcmpKeepsToOneIdentifier) {
  spec_.set_source_port(777);
  const v1::Observation seen = Walk(v1::TraceProbe::ICMP);
  EXPECT_TRUE(seen.trace().stable_flow());
  EXPECT_EQ(SourcePorts(), std::set<int>{777});
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply_ttl(), 60u);
}

TEST_F(WalkProtocolsTest, IcmpBelievesNobodyWhoDoesNotKnowTheNonce) {
  runner_.sockets.set_network([this](const FakeSocketOps::Packet& packet) {
    ReceivedDatagram forged = EchoReplyTo(packet);
    forged.payload[8] = static_cast<char>(forged.payload[8] + 1);
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(1), forged);
    ReceivedDatagram cut = EchoReplyTo(packet);
    cut.payload.resize(12);
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(1), cut);
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(1),
                                 TtlExceededFrom("203.0.113.9", forged.payload));
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(1),
                                 TtlExceededFrom("203.0.113.9", "short"));
  });
  spec_.mutable_trace()->set_last_ttl(3);
  const v1::Observation seen = Walk(v1::TraceProbe::ICMP);
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.trace().last_responder(), "");
}

TEST_F(WalkProtocolsTest, IcmpNeedsPingSockets) {
  runner_.sockets.FailOpens(SocketKind::kPing, IpAddress::Family::kV4, EACCES);
  spec_.mutable_trace()->set_protocol(v1::TraceProbe::ICMP);
  EXPECT_EQ(MakeTraceProbe(spec_, runner_.context).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(WalkProtocolsTest, TcpUsesNeighbouringSourcePorts) {
  spec_.set_source_port(40'000);
  path_.mute = {2};
  const v1::Observation seen = Walk(v1::TraceProbe::TCP);
  EXPECT_FALSE(seen.trace().stable_flow());
  const auto& packets = runner_.sockets.packets();
  ASSERT_GE(packets.size(), 5u);
  for (size_t i = 0; i < packets.size(); ++i) EXPECT_EQ(packets[i].from.port, 40'000 + i);
  EXPECT_EQ(seen.trace().hops(0).exchanges(0).flow().source_port(), 40'000u);
}

TEST_F(WalkProtocolsTest, TcpPortsComeRoundAboveThePrivileged) {
  spec_.set_source_port(65'534);
  path_.cut = 0;
  spec_.mutable_trace()->set_last_ttl(4);
  spec_.mutable_trace()->clear_reprobe_after();
  Walk(v1::TraceProbe::TCP);
  EXPECT_EQ(SourcePorts(), (std::set<int>{1024, 1025, 65'534, 65'535}));
}

TEST_F(WalkProtocolsTest, TcpAResetIsAnAnswerOfTheTarget) {
  path_.target = FakePath::Target::kRefuses;
  const v1::Observation seen = Walk(v1::TraceProbe::TCP);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_TRUE(seen.trace().reached());
  EXPECT_EQ(seen.trace().hops(3).exchanges(0).reply(), v1::RST);
}

TEST_F(WalkProtocolsTest, TcpNeedsAPort) {
  spec_.mutable_trace()->set_protocol(v1::TraceProbe::TCP);
  const absl::Status status = MakeTraceProbe(spec_, runner_.context).status();
  EXPECT_EQ(std::string(status.message()).rfind("port:", 0), 0u);
}

TEST_F(WalkProtocolsTest, TcpCountsWhatTheKernelRepeats) {
  path_.cut = 0;
  spec_.mutable_trace()->set_last_ttl(1);
  spec_.mutable_trace()->clear_reprobe_after();
  Walk(v1::TraceProbe::TCP);
  // The SYN, and once more after 1 s; the walk ends with the second repetition.
  EXPECT_GE(runner_.governor.Spend(IpAddress::Family::kV4, 1), 2u);
}

}  // namespace
}  // namespace probemesh::node
