#include "probe-node/probes/udp/udp_probe.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "common/base/proto_time.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

class UdpProbeTest : public testing::TestWithParam<std::string> {
 protected:
  UdpProbeTest() {
    spec_.set_address(GetParam());
    *spec_.mutable_timeout() = ToProto(absl::Milliseconds(3400));
    spec_.mutable_udp();
  }

  bool v6() const { return GetParam().find(':') != std::string::npos; }
  std::string Router() const { return v6() ? "2001:db8:f::1" : "198.51.100.1"; }
  v1::Observation Run() { return runner_.Run(MakeUdpProbe, spec_); }
  void AnswerWith(const QueuedError& error, absl::Duration delay = absl::Milliseconds(20)) {
    runner_.sockets.set_network([this, error, delay](const FakeSocketOps::Packet& packet) {
      runner_.sockets.DeliverError(packet.fd, delay, error);
    });
  }

  FakeProbeRunner runner_;
  v1::ProbeSpec spec_;
};

TEST_P(UdpProbeTest, PortUnreachableFromTheTargetIsItsAnswer) {
  AnswerWith(PortUnreachableFrom(GetParam(), "quoted"));
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  ASSERT_EQ(seen.exchanges_size(), 1);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::ICMP);
  EXPECT_EQ(seen.exchanges(0).icmp_error().offender(), GetParam());
  EXPECT_EQ(seen.exchanges(0).icmp_error().family(), v6() ? v1::IPV6 : v1::IPV4);
  EXPECT_EQ(seen.exchanges(0).icmp_error().quoted_length(), 6u);
  EXPECT_EQ(seen.exchanges(0).flow().destination_port(), kPresumablyClosedPort);
  EXPECT_EQ(seen.exchanges(0).flow().ip_protocol(), 17u);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(20));
  EXPECT_EQ(runner_.sockets.packets()[0].payload, std::string(16, '\0'));
}

TEST_P(UdpProbeTest, PortUnreachableFromAnybodyElseIsNot) {
  AnswerWith(PortUnreachableFrom(Router()));
  EXPECT_EQ(Run().outcome(), v1::ICMP_ERROR);
}

TEST_P(UdpProbeTest, AnotherErrorFromTheTargetIsNoAnswerToTheQuestion) {
  AnswerWith(v6() ? IcmpErrorFrom(GetParam(), 1, 1) : IcmpErrorFrom(GetParam(), 3, 13));
  EXPECT_EQ(Run().outcome(), v1::ICMP_ERROR);
}

TEST_P(UdpProbeTest, HearsTheLateHostUnreachable) {
  AnswerWith(HostUnreachableFrom(Router()), absl::Milliseconds(3060));
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(FromProto(seen.exchanges(0).receive_offset()), absl::Milliseconds(3060));
}

TEST_P(UdpProbeTest, ADatagramFromTheTargetIsAnAnswer) {
  runner_.sockets.set_network([this](const FakeSocketOps::Packet& packet) {
    ReceivedDatagram stray;
    stray.payload = "from somebody else";
    stray.from = Endpoint{*IpAddress::Parse(Router()), packet.to.port};
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), stray);
    ReceivedDatagram reply;
    reply.payload = "hello";
    reply.from = packet.to;
    reply.ttl = 57;
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(10), reply);
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.exchanges(0).reply_ttl(), 57u);
  EXPECT_EQ(FromProto(seen.exchanges(0).receive_offset()), absl::Milliseconds(10));
}

TEST_P(UdpProbeTest, NothingIsSilence) {
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::NO_REPLY);
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
}

TEST_P(UdpProbeTest, ASendThatFailsIsThisNodesOwn) {
  runner_.sockets.FailNext(FakeSocketOps::Call::kSend, EPERM, 2);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "EPERM");
  EXPECT_EQ(seen.exchanges(0).reply(), v1::LOCAL);
}

TEST_P(UdpProbeTest, ASocketThatCannotBeMadeIsThisNodesOwn) {
  runner_.sockets.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH);
  EXPECT_EQ(Run().outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
}

TEST_P(UdpProbeTest, ALocalEntryInTheErrorQueueIsThisNodesOwn) {
  QueuedError error;
  error.origin = QueuedError::Origin::kLocal;
  error.error = EHOSTUNREACH;
  AnswerWith(error);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_TRUE(seen.local_error().from_error_queue());
  EXPECT_FALSE(seen.local_error().synchronous());
}

TEST_P(UdpProbeTest, SendsWhatItIsTold) {
  spec_.set_port(53);
  spec_.set_source_port(5353);
  spec_.mutable_udp()->set_payload("query");
  spec_.mutable_udp()->set_ttl(4);
  Run();
  ASSERT_EQ(runner_.sockets.packets().size(), 1u);
  const FakeSocketOps::Packet& packet = runner_.sockets.packets()[0];
  EXPECT_EQ(packet.to.port, 53);
  EXPECT_EQ(packet.from.port, 5353);
  EXPECT_EQ(packet.payload, "query");
  EXPECT_EQ(packet.ttl, 4);
}

TEST_P(UdpProbeTest, AsksTheOwnersPolicyFirst) {
  runner_.denied = true;
  EXPECT_EQ(Run().not_run_reason(), v1::POLICY_DENIED);
  EXPECT_TRUE(runner_.sockets.packets().empty());
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
}

TEST_P(UdpProbeTest, RefusesAPayloadThatIsTooLarge) {
  spec_.mutable_udp()->set_payload(std::string(513, 'x'));
  const absl::Status status = MakeUdpProbe(spec_, runner_.context).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("payload:"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Families, UdpProbeTest, testing::Values("192.0.2.1", "2001:db8::1"),
                         [](const auto& address) {
                           return address.param.find(':') == std::string::npos ? "V4" : "V6";
                         });

}  // namespace
}  // namespace probemesh::node
