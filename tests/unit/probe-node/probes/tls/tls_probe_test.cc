#include "probe-node/probes/tls/tls_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "common/base/proto_time.h"
#include "tests/support/fake_socket_ops.h"
#include "tests/support/loopback_server.h"
#include "tests/support/manual_event_loop.h"
#include "tests/support/probe_runner.h"
#include "tests/support/test_certificates.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::ProbeSpec Spec(const Endpoint& server, const std::string& server_name = "localhost",
                   absl::Duration timeout = absl::Seconds(20)) {
  v1::ProbeSpec spec;
  spec.set_address(server.address.ToString());
  spec.set_port(server.port);
  *spec.mutable_timeout() = ToProto(timeout);
  spec.mutable_tls()->set_server_name(server_name);
  return spec;
}

class TlsProbeTest : public ::testing::Test {
 protected:
  TlsProbeTest() { runner_.context.extra_ca_pem = authority_.CertificatePem(); }

  LoopbackServer::Script Present(const std::shared_ptr<SSL_CTX>& context) {
    return [this, context](ServerConnection& connection) {
      // May fail at its very end: the probe leaves once it has seen the server's certificate.
      connection.StartTls(context.get());
      seen_sni_ = connection.ServerName();
      connection.AwaitPeerClose();
    };
  }

  v1::Observation ProbeLeaf(const TestLeaf& leaf, const std::string& server_name = "localhost") {
    LoopbackServer server(Present(MakeServerContext(SignTestLeaf(leaf, authority_))));
    return runner_.Run(&MakeTlsProbe, Spec(server.endpoint(), server_name));
  }

  v1::Observation ProbeScript(LoopbackServer::Script script,
                              absl::Duration timeout = absl::Seconds(20)) {
    LoopbackServer server(std::move(script));
    return runner_.Run(&MakeTlsProbe, Spec(server.endpoint(), "localhost", timeout));
  }

  const TestIdentity authority_ = MakeTestAuthority();
  ProbeRunner runner_;
  std::string seen_sni_;  // written by the server's thread, which has ended when a test reads it
};

TEST_F(TlsProbeTest, AGoodServerIsEvidence) {
  auto context = MakeServerContext(SignTestLeaf({}, authority_), {authority_});
  OfferAlpn(context.get(), "h2");
  v1::Observation seen;
  {
    LoopbackServer server(Present(context));
    v1::ProbeSpec spec = Spec(server.endpoint(), "localhost.");
    spec.mutable_tls()->add_alpn("http/1.1");
    spec.mutable_tls()->add_alpn("h2");
    seen = runner_.Run(&MakeTlsProbe, spec);
    EXPECT_THAT(runner_.asked, ElementsAre(server.endpoint()));
  }
  EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
  EXPECT_EQ(seen_sni_, "localhost");
  EXPECT_EQ(seen.tls().version(), "TLSv1.3");
  EXPECT_THAT(seen.tls().cipher(), HasSubstr("TLS_"));
  EXPECT_EQ(seen.tls().alpn(), "h2");
  EXPECT_TRUE(seen.tls().verified());
  EXPECT_TRUE(seen.tls().name_matches());
  EXPECT_FALSE(seen.tls().expired());
  EXPECT_FALSE(seen.tls().not_yet_valid());
  EXPECT_FALSE(seen.tls().has_alert());
  EXPECT_THAT(seen.tls().verify_error(), IsEmpty());
  ASSERT_EQ(seen.tls().chain_size(), 2);
  EXPECT_EQ(seen.tls().chain(0).subject(), "CN=leaf");
  EXPECT_EQ(seen.tls().chain(1).subject(), "CN=test authority");
  ASSERT_EQ(seen.exchanges_size(), 1);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  ASSERT_EQ(seen.stages_size(), 2);
  EXPECT_EQ(seen.stages(0).stage(), v1::CONNECT);
  EXPECT_EQ(seen.stages(1).stage(), v1::TLS_HANDSHAKE);
}

TEST_F(TlsProbeTest, AnExpiredCertificateIsEvidenceNotAnEnd) {
  const v1::Observation seen = ProbeLeaf({.from = -absl::Hours(4), .until = -absl::Hours(2)});
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_TRUE(seen.tls().expired());
  EXPECT_FALSE(seen.tls().verified());
  EXPECT_EQ(seen.tls().verify_error(), "certificate has expired");
  EXPECT_TRUE(seen.tls().name_matches());
  EXPECT_EQ(seen.tls().version(), "TLSv1.3");
  EXPECT_EQ(seen.tls().chain_size(), 1);
}

TEST_F(TlsProbeTest, ACertificateOfTheFutureIsNotYetValid) {
  const v1::Observation seen = ProbeLeaf({.from = absl::Hours(2), .until = absl::Hours(4)});
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_TRUE(seen.tls().not_yet_valid());
  EXPECT_FALSE(seen.tls().expired());
}

TEST_F(TlsProbeTest, AnotherNameIsABadAnswerOfAVerifiedChain) {
  const v1::Observation seen = ProbeLeaf({.alternative_names = "DNS:elsewhere.example"});
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_TRUE(seen.tls().verified());
  EXPECT_FALSE(seen.tls().name_matches());
  EXPECT_EQ(seen.detail(), "not a certificate for localhost");
}

TEST_F(TlsProbeTest, ASelfSignedCertificateIsNotTrusted) {
  const v1::Observation seen = ProbeScript(Present(MakeServerContext(MakeSelfSignedLeaf({}))));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_THAT(seen.tls().verify_error(), HasSubstr("self-signed"));
}

TEST_F(TlsProbeTest, AnUnknownAuthorityIsNotTrustedUnlessTheCommandBringsIt) {
  const TestIdentity other = MakeTestAuthority("another authority");
  auto context = MakeServerContext(SignTestLeaf({}, other));
  const v1::Observation seen = ProbeScript(Present(context));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.tls().verify_error(), "unable to get local issuer certificate");

  LoopbackServer server(Present(context));
  v1::ProbeSpec spec = Spec(server.endpoint());
  spec.mutable_tls()->set_ca_pem(other.CertificatePem());
  ProbeRunner runner;
  EXPECT_EQ(runner.Run(&MakeTlsProbe, spec).outcome(), v1::ANSWERED);
}

TEST_F(TlsProbeTest, ASuperfluousExpiredIntermediateHarmsNobody) {
  const TestIdentity old = MakeTestAuthority("old cross-sign", -absl::Hours(1));
  const v1::Observation seen =
      ProbeScript(Present(MakeServerContext(SignTestLeaf({}, authority_), {old})));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_FALSE(seen.tls().expired());
  EXPECT_EQ(seen.tls().chain_size(), 2);
}

TEST_F(TlsProbeTest, AnExpiredAuthorityIsExpired) {
  const TestIdentity old = MakeTestAuthority("old authority", -absl::Hours(1));
  runner_.context.extra_ca_pem = old.CertificatePem();
  const v1::Observation seen = ProbeScript(Present(MakeServerContext(SignTestLeaf({}, old))));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_TRUE(seen.tls().expired());
}

TEST_F(TlsProbeTest, AnAddressMatchesAddressNamesAndIsNoSni) {
  EXPECT_EQ(ProbeLeaf({}, "127.0.0.1").outcome(), v1::ANSWERED);
  EXPECT_EQ(seen_sni_, "");
}

TEST_F(TlsProbeTest, WithoutAServerNameAnyNameWillDo) {
  const v1::Observation seen = ProbeLeaf({.alternative_names = "DNS:elsewhere.example"}, "");
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_FALSE(seen.tls().name_matches());
  EXPECT_EQ(seen_sni_, "");
}

TEST_F(TlsProbeTest, AnAlertIsKept) {
  auto context = MakeServerContext(SignTestLeaf({}, authority_));
  OfferAlpn(context.get(), "h2");
  LoopbackServer server(Present(context));
  v1::ProbeSpec spec = Spec(server.endpoint());
  spec.mutable_tls()->add_alpn("http/1.1");
  const v1::Observation seen = runner_.Run(&MakeTlsProbe, spec);
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_TRUE(seen.tls().has_alert());
  EXPECT_EQ(seen.tls().alert_received(), 120u);  // no_application_protocol
}

TEST_F(TlsProbeTest, AMissingClientCertificateIsObjectedToAfterTheHandshake) {
  auto context = MakeServerContext(SignTestLeaf({}, authority_));
  RequireClientCertificate(context.get());
  const v1::Observation seen = ProbeScript(Present(context));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_TRUE(seen.tls().has_alert());
  EXPECT_EQ(seen.tls().alert_received(), 116u);  // certificate_required
  EXPECT_TRUE(seen.tls().verified());
}

TEST_F(TlsProbeTest, OldTlsIsDescribedToo) {
  auto context = MakeServerContext(SignTestLeaf({}, authority_));
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  const v1::Observation seen = ProbeScript(Present(context));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.tls().version(), "TLSv1.2");
}

TEST_F(TlsProbeTest, ASilentServerHangs) {
  const v1::Observation seen = ProbeScript(
      [](ServerConnection& connection) { connection.AwaitPeerClose(); }, absl::Milliseconds(200));
  EXPECT_EQ(seen.outcome(), v1::HUNG);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
}

TEST_F(TlsProbeTest, AResetIsAReset) {
  const v1::Observation seen = ProbeScript([](ServerConnection& connection) {
    connection.Read();
    connection.Reset();
  });
  EXPECT_EQ(seen.outcome(), v1::RESET);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
}

TEST_F(TlsProbeTest, AnOrderlyCloseIsClosed) {
  const v1::Observation seen = ProbeScript([](ServerConnection& connection) {
    connection.Read();
    connection.Close();
  });
  EXPECT_EQ(seen.outcome(), v1::CLOSED);
}

TEST_F(TlsProbeTest, WhatIsNoTlsIsABadAnswer) {
  const v1::Observation seen = ProbeScript([](ServerConnection& connection) {
    connection.Write("HTTP/1.0 400 Bad Request\r\n\r\nYou speak TLS to a plain port.\n");
    connection.AwaitPeerClose();
  });
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_FALSE(seen.tls().has_alert());
  EXPECT_FALSE(seen.detail().empty());
}

TEST_F(TlsProbeTest, AClosedPortRefuses) {
  const v1::Observation seen = runner_.Run(&MakeTlsProbe, Spec(ClosedLoopbackPort()));
  EXPECT_EQ(seen.outcome(), v1::REFUSED);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::RST);
  EXPECT_FALSE(seen.has_tls());
}

TEST_F(TlsProbeTest, ThePolicyIsAskedFirst) {
  const Endpoint closed = ClosedLoopbackPort();
  runner_.denied_ports = {closed.port};
  const v1::Observation seen = runner_.Run(&MakeTlsProbe, Spec(closed));
  EXPECT_EQ(seen.outcome(), v1::NOT_RUN);
  EXPECT_EQ(seen.not_run_reason(), v1::POLICY_DENIED);
  EXPECT_EQ(seen.exchanges_size(), 0);
}

class TlsProbeOnScriptTest : public ::testing::Test {
 protected:
  void Start() {
    absl::StatusOr<std::unique_ptr<Probe>> probe = MakeTlsProbe(spec_, context_);
    ASSERT_TRUE(probe.ok()) << probe.status();
    probe_ = *std::move(probe);
    probe_->Start([this](v1::Observation observation) {
      result_ = std::move(observation);
      probe_.reset();
    });
    EXPECT_FALSE(result_.has_value());
  }
  v1::Observation Run() {
    Start();
    loop_.AdvanceUntil([this] { return result_.has_value(); }, absl::Seconds(10));
    EXPECT_EQ(sockets_.open_count(), 0u);
    EXPECT_EQ(loop_.timer_count(), 0u);
    return result_.value_or(v1::Observation());
  }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  SeededRandom random_{1};
  IcmpGovernor governor_{loop_.clock()};
  ProbeContext context_{loop_, sockets_, random_, governor_,
                        [](const IpAddress&, uint16_t) { return absl::OkStatus(); }};
  v1::ProbeSpec spec_ =
      Spec(Endpoint{IpAddress::V4({192, 0, 2, 1}), 443}, "a.example", absl::Milliseconds(900));
  std::unique_ptr<Probe> probe_;
  std::optional<v1::Observation> result_;
};

QueuedError HostUnreachable() {
  QueuedError error;
  error.origin = QueuedError::Origin::kIcmp;
  error.error = EHOSTUNREACH;
  error.type = 3;
  error.code = 1;
  error.offender = IpAddress::V4({198, 51, 100, 1});
  return error;
}

TEST_F(TlsProbeOnScriptTest, SilenceAtTheConnectIsSilent) {
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::NO_REPLY);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(900));
}

TEST_F(TlsProbeOnScriptTest, AnIcmpErrorAtTheConnectHasItsOffender) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    sockets_.DeliverError(packet.fd, absl::Milliseconds(30), HostUnreachable());
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).icmp_error().offender(), "198.51.100.1");
}

TEST_F(TlsProbeOnScriptTest, AnIcmpErrorAfterTheConnectEndsNothing) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    if (packet.handshake) return sockets_.CompleteConnect(packet.fd, absl::Milliseconds(10));
    sockets_.DeliverError(packet.fd, absl::Milliseconds(30), HostUnreachable());
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::HUNG);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  EXPECT_EQ(FromProto(seen.duration()), absl::Milliseconds(900));
}

TEST_F(TlsProbeOnScriptTest, AHungServerIsLeftWithAReset) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    if (packet.handshake) sockets_.CompleteConnect(packet.fd, absl::Milliseconds(10));
  });
  EXPECT_EQ(Run().outcome(), v1::HUNG);
  EXPECT_EQ(sockets_.aborted_count(), 1u);
}

TEST_F(TlsProbeOnScriptTest, AResetRightAfterTheHandshakeIsNoRefusal) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    if (packet.handshake) sockets_.FailConnect(packet.fd, absl::Milliseconds(10), ECONNRESET);
  });
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::RESET);
  EXPECT_EQ(seen.failed_stage(), v1::TLS_HANDSHAKE);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
}

TEST_F(TlsProbeOnScriptTest, NoRouteIsALocalError) {
  sockets_.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH);
  const v1::Observation seen = Run();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "ENETUNREACH");
}

TEST_F(TlsProbeOnScriptTest, DestroyingItIsSilent) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    if (packet.handshake) sockets_.CompleteConnect(packet.fd, absl::Milliseconds(10));
  });
  Start();
  loop_.AdvanceBy(absl::Milliseconds(100));
  probe_.reset();
  EXPECT_FALSE(result_.has_value());
  EXPECT_EQ(sockets_.open_count(), 0u);
  EXPECT_EQ(loop_.timer_count(), 0u);
}

TEST_F(TlsProbeOnScriptTest, BadSpecsNameTheField) {
  const auto error = [&](const std::function<void(v1::ProbeSpec&)>& change) {
    v1::ProbeSpec spec = spec_;
    change(spec);
    return std::string(MakeTlsProbe(spec, context_).status().message());
  };
  EXPECT_THAT(error([](auto& spec) { spec.clear_address(); }), HasSubstr("address"));
  EXPECT_THAT(error([](auto& spec) { spec.clear_timeout(); }), HasSubstr("timeout"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_tls()->set_server_name(std::string(300, 'a')); }),
              HasSubstr("tls.server_name"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_tls()->add_alpn(""); }), HasSubstr("tls.alpn"));
  EXPECT_THAT(error([](auto& spec) { spec.mutable_tls()->set_ca_pem("x"); }),
              HasSubstr("tls.ca_pem"));
}

}  // namespace
}  // namespace probemesh::node
