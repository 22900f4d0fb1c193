#include "probe-node/probes/http/http_probe.h"

#include <cerrno>
#include <optional>

#include "tests/support/fake_socket_ops.h"
#include "tests/support/manual_event_loop.h"
#include "tests/unit/probe-node/probes/http/http_test_base.h"

namespace probemesh::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class HttpProbeTest : public HttpTestBase {};

TEST_F(HttpProbeTest, AGoodServerIsEvidence) {
  std::string request;
  v1::Observation seen;
  {
    LoopbackServer server([&](ServerConnection& connection) {
      request = connection.ReadUntil("\r\n\r\n");
      connection.Write(
          HttpMessage("200 OK", "Content-Type: text/plain\r\nServer: test\r\n", "abc"));
      connection.AwaitPeerClose();
    });
    seen = Run(Spec(server.endpoint()));
    EXPECT_THAT(runner_->asked, ElementsAre(server.endpoint()));
    EXPECT_EQ(seen.http().hops(0).address(), server.endpoint().ToString());
  }
  EXPECT_EQ(seen.outcome(), v1::ANSWERED) << seen.detail();
  EXPECT_THAT(request, StartsWith("GET /path?query HTTP/1.1\r\nHost: service.example:"));
  EXPECT_THAT(request, HasSubstr("User-Agent: probemesh/"));
  const v1::HttpEvidence& http = seen.http();
  EXPECT_EQ(http.status(), 200u);
  EXPECT_EQ(http.version(), "HTTP/1.1");
  EXPECT_EQ(http.content_type(), "text/plain");
  EXPECT_EQ(http.server(), "test");
  EXPECT_EQ(http.body_bytes(), 3u);
  // SHA-256 of "abc": FIPS 180-2, B.1.
  EXPECT_EQ(http.body_sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_FALSE(http.body_truncated());
  EXPECT_FALSE(http.has_tls());
  ASSERT_EQ(http.hops_size(), 1);
  EXPECT_EQ(http.hops(0).status(), 200u);
  ASSERT_EQ(seen.exchanges_size(), 1);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::POSITIVE);
  ASSERT_EQ(seen.stages_size(), 3);
  EXPECT_EQ(seen.stages(0).stage(), v1::CONNECT);
  EXPECT_EQ(seen.stages(1).stage(), v1::REQUEST);
  EXPECT_EQ(seen.stages(2).stage(), v1::RESPONSE);
}

TEST_F(HttpProbeTest, StagesFollowEachOther) {
  const v1::Observation seen = Probe(Answering(HttpMessage("200 OK", "", "x")));
  absl::Duration end;
  for (const v1::StageTiming& stage : seen.stages()) {
    EXPECT_GE(FromProto(stage.duration()), absl::ZeroDuration());
    EXPECT_GE(FromProto(stage.start_offset()), end);
    end = FromProto(stage.start_offset()) + FromProto(stage.duration());
  }
  EXPECT_LE(end, FromProto(seen.duration()));
}

TEST_F(HttpProbeTest, AServerErrorIsABadAnswer) {
  const v1::Observation seen = Probe(Answering(HttpMessage("503 Unavailable", "", "sorry")));
  EXPECT_EQ(seen.outcome(), v1::BAD_ANSWER);
  EXPECT_EQ(seen.failed_stage(), v1::RESPONSE);
  EXPECT_EQ(seen.http().status(), 503u);
  EXPECT_EQ(seen.http().body_bytes(), 5u);
}

TEST_F(HttpProbeTest, ARefusalOrARedirectProvesTheServiceAlive) {
  EXPECT_EQ(Probe(Answering(HttpMessage("404 Not Found", "", ""))).outcome(), v1::ANSWERED);
  const v1::Observation seen =
      Probe(Answering(HttpMessage("302 Found", "Location: /elsewhere\r\n", "")));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().status(), 302u);
  EXPECT_EQ(seen.http().hops(0).location(), "/elsewhere");
}

TEST_F(HttpProbeTest, MethodAndHeadersAreSent) {
  std::string request;
  {
    LoopbackServer server([&](ServerConnection& connection) {
      request = connection.ReadUntil("\r\n\r\n");
      connection.Write(HttpMessage("204 No Content", "", ""));
      connection.AwaitPeerClose();
    });
    v1::ProbeSpec spec = Spec(server.endpoint());
    spec.mutable_http()->set_method("POST");
    (*spec.mutable_http()->mutable_headers())["X-Check"] = "yes";
    (*spec.mutable_http()->mutable_headers())["Host"] = "other.example";
    EXPECT_EQ(Run(spec).outcome(), v1::ANSWERED);
  }
  EXPECT_THAT(request, StartsWith("POST /path?query"));
  EXPECT_THAT(request, HasSubstr("\r\nX-Check: yes\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: other.example\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST_F(HttpProbeTest, AHeadResponseHasNoBody) {
  LoopbackServer server(Answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
  v1::ProbeSpec spec = Spec(server.endpoint());
  spec.mutable_http()->set_method("HEAD");
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().body_bytes(), 0u);
}

TEST_F(HttpProbeTest, ReadingStopsAtTheBodyLimit) {
  LoopbackServer server([](ServerConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = absl::StrCat("4000\r\n", std::string(0x4000, 'a'), "\r\n");
    while (connection.Write(chunk)) {
    }
  });
  v1::ProbeSpec spec = Spec(server.endpoint());
  spec.mutable_http()->set_max_body_bytes(100);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().body_bytes(), 100u);
  EXPECT_TRUE(seen.http().body_truncated());
  // printf 'a%.0s' {1..100} | sha256sum
  EXPECT_EQ(seen.http().body_sha256(),
            "2816597888e4a0d3a36b82b83316ab32680eb8f00f8cd3b904d681246d285a0e");
}

TEST_F(HttpProbeTest, AnInterimResponseIsSkipped) {
  const v1::Observation seen = Probe(Answering(
      absl::StrCat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", HttpMessage("200 OK", "", "x"))));
  EXPECT_EQ(seen.outcome(), v1::ANSWERED);
  EXPECT_EQ(seen.http().status(), 200u);
}

TEST_F(HttpProbeTest, AClosedPortRefuses) {
  const v1::Observation seen = Run(Spec(ClosedLoopbackPort()));
  EXPECT_EQ(seen.outcome(), v1::REFUSED);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::RST);
  EXPECT_EQ(seen.http().hops_size(), 1);
}

TEST_F(HttpProbeTest, ThePolicyIsAskedFirst) {
  const Endpoint closed = ClosedLoopbackPort();
  denied_ports_ = {closed.port};
  const v1::Observation seen = Run(Spec(closed));
  EXPECT_EQ(seen.outcome(), v1::NOT_RUN);
  EXPECT_EQ(seen.not_run_reason(), v1::POLICY_DENIED);
  EXPECT_EQ(seen.exchanges_size(), 0);
}

TEST_F(HttpProbeTest, DestroyingItInMidTransferIsSilent) {
  LoopbackServer server([](ServerConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    connection.AwaitPeerClose();
  });
  runner_ = std::make_unique<ProbeRunner>();
  auto probe = MakeHttpProbe(Spec(server.endpoint()), runner_->context).value();
  probe->Start([](const v1::Observation&) { FAIL() << "called back after its end"; });
  runner_->loop.ScheduleAfter(absl::Milliseconds(50), [&] {
    probe.reset();
    runner_->loop.Stop();
  });
  runner_->loop.Run();
}

// The connect goes through the seam, so its failures can be scripted.
class HttpProbeOnScriptTest : public HttpTestBase {
 protected:
  v1::Observation RunScripted() {
    v1::ProbeSpec spec =
        Spec(Endpoint{IpAddress::V4({192, 0, 2, 1}), 80}, "http", absl::Milliseconds(900));
    std::optional<v1::Observation> result;
    auto probe = MakeHttpProbe(spec, context_).value();
    probe->Start([&](v1::Observation observation) { result = std::move(observation); });
    EXPECT_FALSE(result.has_value());
    loop_.AdvanceUntil([&] { return result.has_value(); }, absl::Seconds(10));
    EXPECT_EQ(sockets_.open_count(), 0u);
    EXPECT_EQ(loop_.timer_count(), 0u);
    return result.value_or(v1::Observation());
  }

  ManualEventLoop loop_;
  FakeSocketOps sockets_{loop_};
  SeededRandom random_{1};
  IcmpGovernor governor_{loop_.clock()};
  ProbeContext context_{loop_, sockets_, random_, governor_,
                        [](const IpAddress&, uint16_t) { return absl::OkStatus(); }};
};

TEST_F(HttpProbeOnScriptTest, SilenceAtTheConnectIsSilent) {
  const v1::Observation seen = RunScripted();
  EXPECT_EQ(seen.outcome(), v1::SILENT);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).reply(), v1::NO_REPLY);
}

TEST_F(HttpProbeOnScriptTest, AnIcmpErrorAtTheConnectIsNoReset) {
  sockets_.set_network([&](const FakeSocketOps::Packet& packet) {
    QueuedError error;
    error.origin = QueuedError::Origin::kIcmp;
    error.error = ECONNREFUSED;  // as for a reset: only the error queue tells
    error.type = 3;
    error.code = 3;
    error.offender = IpAddress::V4({198, 51, 100, 1});
    sockets_.DeliverError(packet.fd, absl::Milliseconds(30), error);
  });
  const v1::Observation seen = RunScripted();
  EXPECT_EQ(seen.outcome(), v1::ICMP_ERROR);
  EXPECT_EQ(seen.failed_stage(), v1::CONNECT);
  EXPECT_EQ(seen.exchanges(0).icmp_error().offender(), "198.51.100.1");
}

TEST_F(HttpProbeOnScriptTest, NoRouteIsALocalError) {
  sockets_.FailNext(FakeSocketOps::Call::kConnect, ENETUNREACH);
  const v1::Observation seen = RunScripted();
  EXPECT_EQ(seen.outcome(), v1::LOCAL_ERROR);
  EXPECT_EQ(seen.local_error().errno_name(), "ENETUNREACH");
}

}  // namespace
}  // namespace probemesh::node
