#include "probe-node/probes/tcp/tcp_probe.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "common/base/proto_time.h"
#include "tests/support/fake_path.h"
#include "tests/support/fake_probe_runner.h"

namespace probemesh::node {
namespace {

class TcpProbeTest : public testing::Test {
 protected:
  TcpProbeTest() {
    spec_.set_address("192.0.2.1");
    spec_.set_port(443);
    *spec_.mutable_timeout() = ToProto(absl::Milliseconds(3400));
    spec_.mutable_tcp();
  }

  v1::Observation Run() { return runner_.Run(MakeTcpProbe, spec_); }

  // Calls `answer` with the descriptor of each SYN.
  void OnSyn(std::function<void(int fd)> answer) {
    runner_.sockets.set_network(
        [answer = std::move(answer)](const FakeSocketOps::Packet& packet) { answer(packet.fd); });
  }

  FakeProbeRunner runner_;
  v1::ProbeSpec spec_;
};

TEST_F(TcpProbeTest, AHandshakeIsAnAnswerAndEndsInAReset) {
  OnSyn([this](int fd) { runner_.sockets.CompleteConnect(fd, absl::Milliseconds(30)); });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.failed_stage(), v1::STAGE_UNSPECIFIED);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(30));
  ASSERT_EQ(seen.exchanges_size(), 1);
  const v1::Exchange& exchange = seen.exchanges(0);
  EXPECT_EQ(exchange.reply(), v1::POSITIVE);
  EXPECT_EQ(FromProto(exchange.receive_offset()), absl::Milliseconds(30));
  EXPECT_EQ(exchange.flow().source_address(), "192.0.2.10");
  EXPECT_EQ(exchange.flow().destination_port(), 443u);
  EXPECT_NE(exchange.flow().source_port(), 0u);
  EXPECT_EQ(exchange.flow().ip_protocol(), 6u);
  ASSERT_EQ(seen.stages_size(), 1);
  EXPECT_EQ(seen.stages(0).stage(), v1::CONNECT);
  EXPECT_EQ(runner_.sockets.aborted_count(), 1u);
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
}

TEST_F(TcpProbeTest, AResetIsARefusal) {
  OnSyn([this](int fd) { runner_.sockets.FailConnect(fd, absl::Milliseconds(9), ECONNREFUSED); });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::REFUSED);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::RST);
}

TEST_F(TcpProbeTest, TheSameErrnoWithAnIcmpErrorBehindItIsAFirewall) {
  OnSyn([this](int fd) {
    runner_.sockets.DeliverError(fd, absl::Milliseconds(9), PortUnreachableFrom("198.51.100.7"));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  const v1::Exchange& exchange = seen.exchanges(0);
  EXPECT_EQ(exchange.reply(), v1::ICMP);
  EXPECT_EQ(exchange.icmp_error().type(), 3u);
  EXPECT_EQ(exchange.icmp_error().code(), 3u);
  EXPECT_EQ(exchange.icmp_error().offender(), "198.51.100.7");
  EXPECT_EQ(exchange.reply_ttl(), 61u);
}

TEST_F(TcpProbeTest, HearsTheLateHostUnreachableWithinItsTimeout) {
  OnSyn([this](int fd) {
    runner_.sockets.DeliverError(fd, absl::Milliseconds(3060), HostUnreachableFrom("198.51.100.9"));
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(FromProto(seen.exchanges(0).receive_offset()), absl::Milliseconds(3060));
  EXPECT_EQ(seen.exchanges(0).icmp_error().code(), 1u);
}

TEST_F(TcpProbeTest, NothingByTheDeadlineIsSilence) {
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(3400));
  EXPECT_EQ(seen.exchanges(0).reply(), v1::NO_REPLY);
  EXPECT_FALSE(seen.exchanges(0).has_receive_offset());
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
}

TEST_F(TcpProbeTest, ASynchronousErrnoIsThisNodesOwn) {
  runner_.sockets.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().call(), "connect");
  EXPECT_EQ(seen.local_error().errno_name(), "ENETUNREACH");
  EXPECT_TRUE(seen.local_error().synchronous());
  EXPECT_EQ(seen.exchanges(0).reply(), v1::LOCAL);
  EXPECT_TRUE(runner_.sockets.packets().empty());
}

TEST_F(TcpProbeTest, SpuriousWakeupsDoNoHarm) {
  OnSyn([this](int fd) {
    runner_.sockets.WakeSpuriously(fd, absl::Milliseconds(5), kError);
    runner_.sockets.CompleteConnect(fd, absl::Milliseconds(10));
  });
  EXPECT_EQ(Run().outcome(), v1::ANSWERED);
}

TEST_F(TcpProbeTest, UsesSourcePortAndTtlAndCountsTheTtlLimitedPackets) {
  spec_.set_source_port(50'123);
  spec_.mutable_tcp()->set_ttl(2);
  const v1::Observation seen = Run();
  ASSERT_EQ(runner_.sockets.packets().size(), 1u);
  EXPECT_EQ(runner_.sockets.packets()[0].from.port, 50'123);
  EXPECT_EQ(runner_.sockets.packets()[0].ttl, 2);
  EXPECT_EQ(seen.exchanges(0).ttl_sent(), 2u);
  // One SYN, and what the kernel repeats after 1 s and 3 s.
  EXPECT_EQ(runner_.governor.Spend(IpAddress::Family::kV4, 2), 3u);
}

TEST_F(TcpProbeTest, SilenceOfAnExhaustedRouterIsUnknown) {
  spec_.mutable_tcp()->set_ttl(5);
  for (uint32_t i = 0; i < IcmpGovernor::kExhausted; ++i) {
    runner_.governor.Request(IpAddress::Family::kV4, 5);
  }
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.exchanges(0).reply(), v1::NO_REPLY_UNKNOWN);
  EXPECT_EQ(seen.exchanges(0).icmp_spend(), IcmpGovernor::kExhausted);
}

TEST_F(TcpProbeTest, WaitsForTheGovernorAndIsNotRunIfItNeverLetsItOut) {
  spec_.mutable_tcp()->set_ttl(1);
  for (int i = 0; i < 3; ++i) runner_.governor.Request(IpAddress::Family::kV4, 1);
  *spec_.mutable_timeout() = ToProto(absl::Milliseconds(900));
  const v1::Observation starved = Run();
  EXPECT_EQ(starved.outcome(), v1::NOT_RUN);
  EXPECT_EQ(starved.not_run_reason(), v1::OVERLOADED);
  EXPECT_TRUE(runner_.sockets.packets().empty());
  EXPECT_EQ(Run().outcome(), v1::SILENT);
  EXPECT_EQ(runner_.sockets.packets().size(), 1u);
}

TEST_F(TcpProbeTest, AsksTheOwnersPolicyFirst) {
  runner_.denied = true;
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::NOT_RUN);
  EXPECT_EQ(seen.not_run_reason(), v1::POLICY_DENIED);
  EXPECT_EQ(seen.detail(), "the owner of this node says no");
  EXPECT_TRUE(runner_.sockets.packets().empty());
}

TEST_F(TcpProbeTest, DestructionIsSilentAndLeavesNothingBehind) {
  runner_.Start(MakeTcpProbe, spec_);
  runner_.loop.AdvanceBy(absl::Milliseconds(100));
  runner_.probe.reset();
  runner_.loop.AdvanceBy(absl::Seconds(10));
  EXPECT_FALSE(runner_.result.has_value());
  EXPECT_EQ(runner_.sockets.open_count(), 0u);
  EXPECT_EQ(runner_.loop.timer_count(), 0u);
  EXPECT_EQ(runner_.loop.watch_count(), 0u);
}

TEST_F(TcpProbeTest, RefusesBadSpecsByTheNameOfTheField) {
  const auto error = [this](auto change) {
    v1::ProbeSpec spec = spec_;
    change(&spec);
    return std::string(MakeTcpProbe(spec, runner_.context).status().message());
  };
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->set_address("host.example"); }).find("address:"),
            std::string::npos);
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->set_port(0); }).find("port:"), std::string::npos);
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->set_port(65'536); }).find("port:"), std::string::npos);
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->clear_timeout(); }).find("timeout:"),
            std::string::npos);
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->mutable_tcp()->set_ttl(256); }).find("ttl:"),
            std::string::npos);
  EXPECT_NE(error([](v1::ProbeSpec* s) { s->set_source_port(99'999); }).find("source_port:"),
            std::string::npos);
}

}  // namespace
}  // namespace probemesh::node
