#include "probe-node/probes/dns/dns_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "tests/support/dns_message.h"
#include "tests/support/fake_socket_ops.h"
#include "tests/support/loopback_server.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/probe_runner.h"
#include "tests/support/temp_file.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Packet = FakeSocketOps::Packet;

constexpr absl::Duration kRtt = absl::Milliseconds(20);

const Endpoint kFirst{IpAddress::V4({192, 0, 2, 53}), 53};
const Endpoint kSecond{IpAddress::V4({192, 0, 2, 54}), 53};

class DnsProbeTest : public ::testing::Test {
 protected:
  DnsProbeTest() {
    context_.resolv_conf = resolv_conf_.path();
    context_.hosts_file = hosts_.path();
  }

  void UseServers(const std::string& more = "") {
    resolv_conf_.Write("nameserver 192.0.2.53\nnameserver 192.0.2.54\n" + more);
  }

  v1::ProbeSpec Spec(const std::string& address = "192.0.2.53") {
    v1::ProbeSpec spec;
    spec.set_address(address);
    *spec.mutable_timeout() = ToProto(absl::Milliseconds(2500));
    spec.mutable_dns()->set_name("www.example.com");
    return spec;
  }

  // Starts the probe; `on_query` sees every datagram and every octet string of a stream.
  void Start(const v1::ProbeSpec& spec) {
    sockets_.set_network([this](const Packet& packet) { on_packet_(packet); });
    absl::StatusOr<std::unique_ptr<Probe>> probe = MakeDnsProbe(spec, context_);
    ASSERT_TRUE(probe.ok()) << probe.status();
    probe_ = *std::move(probe);
    probe_->Start([this](v1::Observation observation) {
      EXPECT_FALSE(result_.has_value());
      result_ = std::move(observation);
      probe_.reset();
    });
    EXPECT_FALSE(result_.has_value()) << "done was called from inside Start";
  }

  v1::Observation Run(const v1::ProbeSpec& spec) {
    Start(spec);
    loop_.AdvanceUntil([this] { return result_.has_value(); }, absl::Seconds(10));
    EXPECT_TRUE(result_.has_value());
    EXPECT_EQ(sockets_.open_count(), 0u);
    EXPECT_EQ(loop_.timer_count(), 0u);
    return result_.value_or(v1::Observation());
  }

  void Reply(const Packet& query, const DnsTestResponse& response, absl::Duration delay = kRtt) {
    Send(query, AnswerDnsQuery(query.payload, response), query.to, delay);
  }
  void Send(const Packet& query, const std::string& payload, const Endpoint& from,
            absl::Duration delay = kRtt) {
    ReceivedDatagram datagram;
    datagram.payload = payload;
    datagram.from = from;
    sockets_.Deliver(query.fd, delay, datagram);
  }
  // The answer over TCP to a query that has its length before it.
  void ReplyOverTcp(const Packet& packet, const DnsTestResponse& response) {
    const std::string answer = AnswerDnsQuery(packet.payload.substr(2), response);
    Send(packet, absl::StrCat(DnsU16(static_cast<uint16_t>(answer.size())), answer), packet.to);
  }
  static DnsTestResponse Good() { return DnsTestResponse{.answers = {DnsTestRecord()}}; }

  TempFile resolv_conf_;
  TempFile hosts_;
  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  SeededRandom random_{1};
  IcmpGovernor governor_{loop_.clock()};
  absl::Status policy_;
  ProbeContext context_{loop_, sockets_, random_, governor_,
                        [this](const IpAddress&, uint16_t) { return policy_; }};
  std::function<void(const Packet&)> on_packet_ = [](const Packet&) {};
  std::unique_ptr<Probe> probe_;
  std::optional<v1::Observation> result_;
};

TEST_F(DnsProbeTest, AnAnswerIsEvidence) {
  on_packet_ = [&](const Packet& query) { Reply(query, Good()); };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.failed_stage(), v1::STAGE_UNSPECIFIED);
  EXPECT_THAT(seen.dns().addresses(), ElementsAre("192.0.2.7"));
  ASSERT_EQ(seen.dns().servers_size(), 1);
  EXPECT_EQ(seen.dns().servers(0).server(), "192.0.2.53:53");
  EXPECT_EQ(FromProto(seen.dns().servers(0).duration()), kRtt);
  ASSERT_EQ(seen.exchanges_size(), 1);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  EXPECT_EQ(seen.exchanges(0).flow().ip_protocol(), static_cast<uint32_t>(IPPROTO_UDP));
  EXPECT_EQ(FromProto(seen.exchanges(0).receive_offset()), kRtt);
  ASSERT_EQ(seen.stages_size(), 1);
  EXPECT_EQ(seen.stages(0).stage(), v1::RESOLVE);
}

TEST_F(DnsProbeTest, ASilentServerIsAskedOnceMoreFromANewPort) {
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.failed_stage(), v1::RESOLVE);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(2500));
  ASSERT_EQ(sockets_.packets().size(), 2u);
  EXPECT_NE(sockets_.packets()[0].from.port, sockets_.packets()[1].from.port);
  ASSERT_EQ(seen.exchanges_size(), 2);
  EXPECT_EQ(FromProto(seen.exchanges(1).send_offset()), absl::Seconds(1));
  ASSERT_EQ(seen.dns().servers_size(), 1);
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::SILENT);
  EXPECT_FALSE(seen.dns().servers(0).answered());
}

TEST_F(DnsProbeTest, AFixedSourcePortIsUsedOnce) {
  v1::ProbeSpec spec = Spec();
  spec.set_source_port(5353);
  Run(spec);
  ASSERT_EQ(sockets_.packets().size(), 1u);
  EXPECT_EQ(sockets_.packets()[0].from.port, 5353);
}

TEST_F(DnsProbeTest, ALateAnswerToTheFirstTryCounts) {
  on_packet_ = [&](const Packet& query) {
    if (sockets_.packets().size() == 1) Reply(query, Good(), absl::Milliseconds(1800));
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(1800));
}

TEST_F(DnsProbeTest, ADeadFirstResolverLeavesTimeForTheSecond) {
  UseServers();
  on_packet_ = [&](const Packet& query) {
    if (query.to == kSecond) Reply(query, Good());
  };
  v1::ProbeSpec spec = Spec("");
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(520));
  ASSERT_EQ(seen.dns().servers_size(), 2);
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::SILENT);
  EXPECT_EQ(seen.dns().servers(1).outcome(), v1::ANSWERED);
}

TEST_F(DnsProbeTest, AShortTimeIsSharedAmongTheResolvers) {
  UseServers("nameserver 192.0.2.55\n");
  v1::ProbeSpec spec = Spec("");
  *spec.mutable_timeout() = ToProto(absl::Milliseconds(400));
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.dns().servers_size(), 3);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(400));
  EXPECT_EQ(FromProto(seen.exchanges(2).send_offset()), absl::Milliseconds(200));
}

TEST_F(DnsProbeTest, AFailureMovesOnAtOnce) {
  UseServers();
  on_packet_ = [&](const Packet& query) {
    if (query.to == kFirst) return Reply(query, {.rcode = 2, .extended_error = 22});
    Reply(query, Good());
  };
  const v1::Observation seen = Run(Spec(""));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(FromProto(seen.duration()), 2 * kRtt);
  ASSERT_EQ(seen.dns().servers_size(), 2);
  EXPECT_EQ(seen.dns().servers(0).rcode_name(), "SERVFAIL");
  EXPECT_EQ(seen.dns().servers(0).ede_code(), 22u);
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::ANSWERED);
}

TEST_F(DnsProbeTest, NoSuchNameIsABadAnswerAndAsksNobodyElse) {
  UseServers();
  on_packet_ = [&](const Packet& query) { Reply(query, {.rcode = 3}); };
  const v1::Observation seen = Run(Spec(""));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::RESOLVE);
  EXPECT_EQ(seen.dns().servers_size(), 1);
  EXPECT_THAT(seen.detail(), HasSubstr("NXDOMAIN"));
}

TEST_F(DnsProbeTest, ANameWithoutSuchARecordIsABadAnswer) {
  on_packet_ = [&](const Packet& query) { Reply(query, {}); };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.dns().servers(0).rcode(), 0u);
  EXPECT_THAT(seen.dns().addresses(), IsEmpty());
}

TEST_F(DnsProbeTest, APortUnreachableIsKeptWithItsOffender) {
  on_packet_ = [&](const Packet& query) {
    QueuedError error;
    error.origin = QueuedError::Origin::kIcmp;
    error.error = ECONNREFUSED;
    error.type = 3;
    error.code = 3;
    error.offender = IpAddress::V4({192, 0, 2, 53});
    sockets_.DeliverError(query.fd, kRtt, error);
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(FromProto(seen.duration()), kRtt);
  ASSERT_EQ(seen.dns().servers_size(), 1);
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(seen.dns().servers(0).icmp_error().code(), 3u);
  EXPECT_EQ(seen.dns().servers(0).icmp_error().offender(), "192.0.2.53");
  EXPECT_EQ(seen.exchanges(0).reply(), v1::ICMP);
}

TEST_F(DnsProbeTest, OffPathAnswersAreAsIfTheyHadNotCome) {
  on_packet_ = [&](const Packet& query) {
    std::string wrong_id = AnswerDnsQuery(query.payload, {.rcode = 3});
    wrong_id[0] = static_cast<char>(wrong_id[0] ^ 1);
    Send(query, wrong_id, query.to, absl::Milliseconds(1));
    std::string wrong_name = AnswerDnsQuery(query.payload, {.rcode = 3});
    wrong_name[13] = 'x';
    Send(query, wrong_name, query.to, absl::Milliseconds(2));
    Send(query, AnswerDnsQuery(query.payload, {.rcode = 3}), kSecond, absl::Milliseconds(3));
    Send(query, "", query.to, absl::Milliseconds(4));
    Reply(query, Good());
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(FromProto(seen.duration()), kRtt);
  EXPECT_EQ(seen.dns().servers_size(), 1);
}

TEST_F(DnsProbeTest, ATruncatedAnswerIsAskedForAgainOverTcp) {
  on_packet_ = [&](const Packet& packet) {
    if (packet.kind == SocketKind::kUdp) return Reply(packet, {.truncated = true});
    if (packet.handshake) return sockets_.CompleteConnect(packet.fd, kRtt);
    ReplyOverTcp(packet, Good());
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  ASSERT_EQ(seen.dns().servers_size(), 2);
  EXPECT_TRUE(seen.dns().servers(0).truncated());
  EXPECT_FALSE(seen.dns().servers(0).tcp());
  EXPECT_TRUE(seen.dns().servers(1).tcp());
  EXPECT_THAT(seen.dns().addresses(), ElementsAre("192.0.2.7"));
  EXPECT_EQ(seen.exchanges_size(), 2);
}

TEST_F(DnsProbeTest, TcpFailuresKeepTheirKind) {
  v1::ProbeSpec spec = Spec();
  spec.mutable_dns()->set_tcp(true);
  on_packet_ = [&](const Packet& packet) { sockets_.FailConnect(packet.fd, kRtt, ECONNREFUSED); };
  EXPECT_EQ(Run(spec).outcome(), v1::REFUSED);

  result_.reset();
  on_packet_ = [&](const Packet& packet) {
    if (packet.handshake) sockets_.CompleteConnect(packet.fd, kRtt);
  };
  const v1::Observation hung = Run(spec);
  EXPECT_EQ(hung.outcome(), v1::HUNG);
  EXPECT_EQ(hung.dns().servers(0).outcome(), v1::HUNG);
  EXPECT_GT(sockets_.aborted_count(), 0u);  // unanswered octets are not retransmitted

  result_.reset();
  on_packet_ = [&](const Packet& packet) {
    if (packet.handshake) return sockets_.CompleteConnect(packet.fd, kRtt);
    Send(packet, "", packet.to);
  };
  EXPECT_EQ(Run(spec).outcome(), v1::CLOSED);

  result_.reset();
  on_packet_ = [&](const Packet& packet) {
    if (packet.handshake) return sockets_.CompleteConnect(packet.fd, kRtt);
    Send(packet, absl::StrCat(DnsU16(20), std::string(20, 'x')), packet.to);
  };
  EXPECT_EQ(Run(spec).outcome(), v1::BAD_ANSWER);
}

TEST_F(DnsProbeTest, AServerWithoutEdnsIsAskedPlainly) {
  on_packet_ = [&](const Packet& query) {
    const bool edns = sockets_.packets().size() == 1;
    if (edns) return Reply(query, {.rcode = 1, .edns = false});
    Reply(query, {.answers = {DnsTestRecord()}, .edns = false});
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  ASSERT_EQ(sockets_.packets().size(), 2u);
  EXPECT_LT(sockets_.packets()[1].payload.size(), sockets_.packets()[0].payload.size());
}

TEST_F(DnsProbeTest, AServerThatOnlyKnowsFormatErrorsHasAnswered) {
  on_packet_ = [&](const Packet& query) { Reply(query, {.rcode = 1, .edns = false}); };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.dns().servers(0).rcode_name(), "FORMERR");
}

TEST_F(DnsProbeTest, AMalformedAnswerIsABadAnswer) {
  on_packet_ = [&](const Packet& query) {
    std::string wire = AnswerDnsQuery(query.payload, {});
    wire[7] = 5;  // promises five answers
    Send(query, wire, query.to);
  };
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::BAD_ANSWER);
}

TEST_F(DnsProbeTest, TheHostsFileComesFirst) {
  UseServers();
  hosts_.Write("198.51.100.2 www.example.com\n198.51.100.1 www.example.com\n");
  const v1::Observation seen = Run(Spec(""));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_TRUE(seen.dns().from_hosts_file());
  EXPECT_THAT(seen.dns().addresses(), ElementsAre("198.51.100.1", "198.51.100.2"));
  EXPECT_THAT(sockets_.packets(), IsEmpty());
}

TEST_F(DnsProbeTest, ResolvConfIsReadAtEveryProbe) {
  on_packet_ = [&](const Packet& query) { Reply(query, Good()); };
  resolv_conf_.Write("nameserver 192.0.2.53\n");
  EXPECT_EQ(Run(Spec("")).dns().servers(0).server(), "192.0.2.53:53");
  result_.reset();
  resolv_conf_.Write("nameserver 192.0.2.54\n");
  EXPECT_EQ(Run(Spec("")).dns().servers(0).server(), "192.0.2.54:53");
}

TEST_F(DnsProbeTest, SearchDomainsApplyAsInTheCLibrary) {
  UseServers("search corp.example bad..domain\n");
  on_packet_ = [&](const Packet& query) {
    const bool exists = DnsQueryName(query.payload) == "intranet.corp.example";
    Reply(query, exists ? Good() : DnsTestResponse{.rcode = 3});
  };
  v1::ProbeSpec spec = Spec("");
  spec.mutable_dns()->set_name("intranet");
  v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_THAT(seen.detail(), HasSubstr("intranet.corp.example"));

  // A full name that does not exist stays the name that the evidence speaks of.
  result_.reset();
  seen = Run(Spec(""));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_THAT(seen.detail(), HasSubstr("www.example.com: NXDOMAIN"));
  EXPECT_EQ(seen.dns().servers_size(), 1);
  EXPECT_EQ(seen.exchanges_size(), 2);  // www.example.com, www.example.com.corp.example
}

TEST_F(DnsProbeTest, AnUnroutableServerIsALocalError) {
  sockets_.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH, 9);
  const v1::Observation seen = Run(Spec());
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "ENETUNREACH");
  EXPECT_TRUE(seen.local_error().synchronous());
  EXPECT_EQ(seen.dns().servers(0).outcome(), v1::LOCAL_ERROR);
}

TEST_F(DnsProbeTest, ThePolicyRulesOverGivenServersOnly) {
  policy_ = absl::PermissionDeniedError("not this one");
  const v1::Observation denied = Run(Spec());
  EXPECT_EQ(denied.outcome(), v1::NOT_RUN);
  EXPECT_EQ(denied.not_run_reason(), v1::POLICY_DENIED);
  EXPECT_THAT(sockets_.packets(), IsEmpty());

  result_.reset();
  UseServers();
  on_packet_ = [&](const Packet& query) { Reply(query, Good()); };
  EXPECT_EQ(Run(Spec("")).outcome(), v1::ANSWERED);
}

TEST_F(DnsProbeTest, DestroyingItIsSilent) {
  UseServers();
  Start(Spec(""));
  loop_.AdvanceBy(absl::Milliseconds(700));
  probe_.reset();
  EXPECT_EQ(sockets_.open_count(), 0u);
  EXPECT_EQ(loop_.timer_count(), 0u);
  EXPECT_FALSE(result_.has_value());
}

TEST_F(DnsProbeTest, BadSpecsNameTheField) {
  const auto error = [&](const std::function<void(v1::ProbeSpec&)>& change) {
    v1::ProbeSpec spec = Spec();
    change(spec);
    return std::string(MakeDnsProbe(spec, context_).status().message());
  };
  EXPECT_THAT(error([](auto& spec) { spec.set_address("host"); }), HasSubstr("address"));
  EXPECT_THAT(error([](auto& spec) { spec.set_port(70000); }), HasSubstr("port"));
  EXPECT_THAT(error([](auto& spec) { spec.set_source_port(70000); }), HasSubstr("source_port"));
  EXPECT_THAT(error([](auto& spec) { spec.clear_timeout(); }), HasSubstr("timeout"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_dns()->set_name("192.0.2.1"); }),
              HasSubstr("dns.name"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_dns()->set_type("AXFR"); }),
              HasSubstr("dns.type"));
}

v1::ProbeSpec LoopbackSpec(const Endpoint& server) {
  v1::ProbeSpec spec;
  spec.set_address(server.address.ToString());
  spec.set_port(server.port);
  *spec.mutable_timeout() = ToProto(absl::Seconds(10));
  spec.mutable_dns()->set_name("www.example.com");
  return spec;
}

TEST(DnsProbeOnLoopback, AsksARealServer) {
  LoopbackUdpServer server([](const std::string& query) {
    return std::vector<std::string>{AnswerDnsQuery(query, {.answers = {DnsTestRecord()}})};
  });
  ProbeRunner runner;
  const v1::Observation seen = runner.Run(&MakeDnsProbe, LoopbackSpec(server.endpoint()));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_THAT(seen.dns().addresses(), ElementsAre("192.0.2.7"));
  EXPECT_THAT(runner.asked, ElementsAre(server.endpoint()));
}

TEST(DnsProbeOnLoopback, AClosedPortIsAnIcmpErrorOfItsHost) {
  ProbeRunner runner;
  const v1::Observation seen = runner.Run(&MakeDnsProbe, LoopbackSpec(ClosedLoopbackPort()));
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  ASSERT_EQ(seen.dns().servers_size(), 1);
  EXPECT_EQ(seen.dns().servers(0).icmp_error().type(), 3u);
  EXPECT_EQ(seen.dns().servers(0).icmp_error().code(), 3u);
  EXPECT_EQ(seen.dns().servers(0).icmp_error().offender(), "127.0.0.1");
}

TEST(DnsProbeOnLoopback, AsksOverTcp) {
  LoopbackServer server([](ServerConnection& connection) {
    std::string query = connection.Read();
    if (query.size() < 2) query += connection.Read();
    const std::string answer = AnswerDnsQuery(query.substr(2), {.answers = {DnsTestRecord()}});
    connection.Write(absl::StrCat(DnsU16(static_cast<uint16_t>(answer.size())), answer));
    connection.AwaitPeerClose();
  });
  v1::ProbeSpec spec = LoopbackSpec(server.endpoint());
  spec.mutable_dns()->set_tcp(true);
  ProbeRunner runner;
  const v1::Observation seen = runner.Run(&MakeDnsProbe, spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_TRUE(seen.dns().servers(0).tcp());
}

}  // namespace
}  // namespace probemesh::node
