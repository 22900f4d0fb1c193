#include "probe-node/probes/icmp/icmp_probe.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "common/base/proto_time.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

using Packet = FakeSocketOps::Packet;

class IcmpProbeTest : public testing::TestWithParam<std::string> {
 protected:
  IcmpProbeTest() {
    spec_.set_address(GetParam());
    *spec_.mutable_timeout() = ToProto(absl::Seconds(3));
    spec_.mutable_icmp();
  }

  bool v6() const { return GetParam().find(':') != std::string::npos; }
  std::string Router() const { return v6() ? "2001:db8:f::1" : "198.51.100.1"; }
  v1::Observation Run() { return runner_.Run(MakeIcmpProbe, spec_); }
  void Series(uint32_t count, absl::Duration interval) {
    spec_.mutable_icmp()->set_count(count);
    *spec_.mutable_icmp()->mutable_interval() = ToProto(interval);
  }
  // Calls `answer` with each request and its number.
  void OnRequest(std::function<void(const Packet&, int number)> answer) {
    runner_.sockets.set_network(
        [this, answer = std::move(answer)](const Packet& packet) { answer(packet, requests_++); });
  }
  void ReplyAfter(const Packet& packet, absl::Duration delay) {
    runner_.sockets.Deliver(packet.fd, delay, EchoReplyTo(packet));
  }

  FakeProbeRunner runner_;
  v1::ProbeSpec spec_;
  int requests_ = 0;
};

TEST_P(IcmpProbeTest, AReplyIsAnAnswer) {
  OnRequest([this](const Packet& packet, int) { ReplyAfter(packet, absl::Milliseconds(25)); });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(25));
  ASSERT_EQ(seen.exchanges_size(), 1);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.exchanges(0).reply_ttl(), 60u);
  EXPECT_EQ(seen.exchanges(0).flow().ip_protocol(), v6() ? 58u : 1u);
  EXPECT_NE(seen.exchanges(0).flow().source_port(), 0u);
  EXPECT_EQ(seen.icmp().sent(), 1u);
  EXPECT_EQ(seen.icmp().received(), 1u);
  EXPECT_EQ(FromProto(seen.icmp().rtt_avg()), absl::Milliseconds(25));
  EXPECT_EQ(runner_.sockets.packets()[0].payload.size(), 8u + 56u);
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
}

TEST_P(IcmpProbeTest, CountsLossDuplicatesAndReordering) {
  Series(4, absl::Milliseconds(100));
  OnRequest([this](const Packet& packet, int number) {
    if (number == 0) ReplyAfter(packet, absl::Milliseconds(150));  // after that to number 1
    if (number == 1) ReplyAfter(packet, absl::Milliseconds(10));
    if (number == 1) ReplyAfter(packet, absl::Milliseconds(12));
    if (number == 3) ReplyAfter(packet, absl::Milliseconds(10));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.icmp().sent(), 4u);
  EXPECT_EQ(seen.icmp().received(), 3u);
  EXPECT_EQ(seen.icmp().duplicates(), 1u);
  EXPECT_EQ(seen.icmp().reordered(), 1u);
  EXPECT_EQ(FromProto(seen.icmp().rtt_max()), absl::Milliseconds(150));
  EXPECT_EQ(FromProto(seen.duration()), absl::Seconds(3));  // number 2 might still come
  ASSERT_EQ(seen.exchanges_size(), 4);
  EXPECT_EQ(seen.exchanges(2).reply(), v1::NO_REPLY);
  EXPECT_EQ(seen.exchanges(3).sequence(), 3u);
}

TEST_P(IcmpProbeTest, KeepsLateReplies) {
  Series(2, absl::Milliseconds(100));
  OnRequest([this](const Packet& packet, int number) {
    ReplyAfter(packet, number == 0 ? absl::Milliseconds(1800) : absl::Milliseconds(20));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.exchanges(0).reply(), v1::LATE);
  EXPECT_EQ(seen.exchanges(1).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.icmp().received(), 2u);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(1800));
}

TEST_P(IcmpProbeTest, KeepsEveryIcmpErrorWithItsOffender) {
  Series(3, absl::Milliseconds(50));
  OnRequest([this](const Packet& packet, int number) {
    const std::string offender = number == 1 ? GetParam() : Router();
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(5),
                                 HostUnreachableFrom(offender, packet.payload));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  ASSERT_EQ(seen.exchanges_size(), 3);
  for (const v1::Exchange& exchange : seen.exchanges()) EXPECT_EQ(exchange.reply(), v1::ICMP);
  EXPECT_EQ(seen.exchanges(0).icmp_error().offender(), Router());
  EXPECT_EQ(seen.exchanges(1).icmp_error().offender(), GetParam());
  EXPECT_EQ(seen.icmp().sent(), 3u);
  EXPECT_EQ(seen.icmp().received(), 0u);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(105));
}

TEST_P(IcmpProbeTest, AnIcmpErrorForOneRequestDoesNotSpoilTheNext) {
  Series(2, absl::Milliseconds(10));
  OnRequest([this](const Packet& packet, int number) {
    if (number == 1) return ReplyAfter(packet, absl::Milliseconds(5));
    // Not read yet when the second request is sent: the kernel reports it there.
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(10),
                                 TtlExceededFrom(Router(), packet.payload));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::ICMP);
  EXPECT_EQ(seen.exchanges(1).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.icmp().sent(), 2u);
}

TEST_P(IcmpProbeTest, BelievesNobodyWhoDoesNotKnowTheNonce) {
  OnRequest([this](const Packet& packet, int) {
    ReceivedDatagram forged = EchoReplyTo(packet);
    forged.payload[8] = static_cast<char>(forged.payload[8] + 1);
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), forged);
    ReceivedDatagram stranger = EchoReplyTo(packet);
    stranger.from.address = *IpAddress::Parse(Router());
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), stranger);
    ReceivedDatagram cut = EchoReplyTo(packet);
    cut.payload.resize(10);
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), cut);
    ReceivedDatagram other_number = EchoReplyTo(packet);
    other_number.payload[7] = 9;
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), other_number);
    ReceivedDatagram empty;
    empty.from = packet.to;
    runner_.sockets.Deliver(packet.fd, absl::Milliseconds(5), empty);
    std::string quoted = packet.payload;
    quoted[9] = static_cast<char>(quoted[9] + 1);
    runner_.sockets.DeliverError(packet.fd, absl::Milliseconds(6),
                                 HostUnreachableFrom(Router(), quoted));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.icmp().received(), 0u);
  EXPECT_EQ(seen.icmp().duplicates(), 0u);
}

TEST_P(IcmpProbeTest, SendsWhatItIsTold) {
  Series(2, absl::Milliseconds(30));
  spec_.set_source_port(4242);
  spec_.mutable_icmp()->set_ttl(7);
  spec_.mutable_icmp()->set_payload_size(1200);
  spec_.mutable_icmp()->set_dont_fragment(true);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  ASSERT_EQ(runner_.sockets.packets().size(), 2u);
  for (const Packet& packet : runner_.sockets.packets()) {
    EXPECT_EQ(packet.kind, SocketKind::kPing);
    EXPECT_EQ(packet.from.port, 4242);
    EXPECT_EQ(packet.ttl, 7);
    EXPECT_TRUE(packet.dont_fragment);
    EXPECT_EQ(packet.payload.size(), 1208u);
  }
  EXPECT_EQ(FromProto(seen.exchanges(1).send_offset()), absl::Milliseconds(30));
  EXPECT_EQ(seen.exchanges(1).icmp_spend(), 1u);
  EXPECT_EQ(seen.exchanges(1).flow().source_port(), 4242u);
}

TEST_P(IcmpProbeTest, RequestsThatDoNotFitAreNotSentAndNotLost) {
  Series(10, absl::Seconds(1));
  OnRequest([this](const Packet& packet, int) { ReplyAfter(packet, absl::Milliseconds(1)); });
  *spec_.mutable_timeout() = ToProto(absl::Milliseconds(2500));
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.icmp().sent(), 3u);
  EXPECT_EQ(seen.icmp().received(), 3u);
  EXPECT_EQ(seen.exchanges_size(), 3);
}

TEST_P(IcmpProbeTest, AFailingSendIsLocal) {
  Series(2, absl::Milliseconds(10));
  runner_.sockets.FailNext(FakeSocketOps::Call::kSend, EMSGSIZE, 4);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "EMSGSIZE");
  EXPECT_EQ(seen.icmp().sent(), 0u);
  EXPECT_EQ(seen.exchanges_size(), 2);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(10));
}

TEST_P(IcmpProbeTest, AnUnusableSocketIsLocal) {
  runner_.sockets.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().call(), "connect");
}

TEST_P(IcmpProbeTest, ClosedPingSocketsAreAMissingCapability) {
  runner_.sockets.FailOpens(SocketKind::kPing,
                            v6() ? IpAddress::Family::kV6 : IpAddress::Family::kV4, EACCES);
  const absl::Status status = MakeIcmpProbe(spec_, runner_.context).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("EACCES"), std::string::npos);
  EXPECT_NE(std::string(status.message()).find("ping_group_range"), std::string::npos);
}

TEST_P(IcmpProbeTest, AsksTheOwnersPolicyFirst) {
  runner_.denied = true;
  EXPECT_EQ(Run().not_run_reason(), v1::POLICY_DENIED);
  EXPECT_TRUE(runner_.sockets.packets().empty());
}

TEST_P(IcmpProbeTest, StarvedByTheGovernorItWasNotRun) {
  spec_.mutable_icmp()->set_ttl(1);
  *spec_.mutable_timeout() = ToProto(absl::Milliseconds(500));
  const auto family = v6() ? IpAddress::Family::kV6 : IpAddress::Family::kV4;
  for (int i = 0; i < 3; ++i) runner_.governor.Request(family, 1);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::NOT_RUN);
  EXPECT_EQ(seen.not_run_reason(), v1::OVERLOADED);
  EXPECT_EQ(seen.exchanges_size(), 0);
}

TEST_P(IcmpProbeTest, DestructionIsSilentAndLeavesNothingBehind) {
  Series(100, absl::Milliseconds(10));
  runner_.Start(MakeIcmpProbe, spec_);
  runner_.loop.AdvanceBy(absl::Milliseconds(105));
  runner_.probe.reset();
  runner_.loop.AdvanceBy(absl::Seconds(10));
  EXPECT_FALSE(runner_.result.has_value());
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
}

TEST_P(IcmpProbeTest, RefusesBadSpecsByTheNameOfTheField) {
  const auto error = [this](auto change) {
    v1::ProbeSpec spec = spec_;
    change(spec.mutable_icmp());
    return std::string(MakeIcmpProbe(spec, runner_.context).status().message());
  };
  EXPECT_EQ(error([](v1::IcmpProbe* i) { i->set_count(101); }).rfind("count:", 0), 0u);
  EXPECT_EQ(error([](v1::IcmpProbe* i) { i->set_payload_size(1473); }).rfind("payload_size:", 0),
            0u);
  EXPECT_EQ(error([](v1::IcmpProbe* i) { i->set_ttl(256); }).rfind("ttl:", 0), 0u);
  EXPECT_EQ(
      error([](v1::IcmpProbe* i) { i->mutable_interval()->set_seconds(-1); }).rfind("interval:", 0),
      0u);
}

INSTANTIATE_TEST_SUITE_P(Families, IcmpProbeTest, testing::Values("192.0.2.1", "2001:db8::1"),
                         [](const auto& address) {
                           return address.param.find(':') == std::string::npos ? "V4" : "V6";
                         });

}  // namespace
}  // namespace probemesh::node
