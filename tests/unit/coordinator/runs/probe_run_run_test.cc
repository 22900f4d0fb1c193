#include "coordinator/runs/probe_run_run.h"

#include "tests/unit/coordinator/runs/run_fixture.h"

namespace probemesh::coordinator {
namespace {

using Service = FakeTarget::Service;

class ProbeRunRunTest : public RunFixture {
 protected:
  static v1::CreateProbeRunRequest TcpRequest(const std::string& host) {
    v1::CreateProbeRunRequest request;
    request.set_host(host);
    request.mutable_spec()->set_port(443);
    request.mutable_spec()->mutable_tcp();
    return request;
  }
  absl::StatusOr<v1::ProbeRun> CreateRun(const v1::CreateProbeRunRequest& request) {
    absl::StatusOr<v1::ProbeRun> created = absl::UnknownError("no reply");
    manager_->CreateProbeRun(request, [&](absl::StatusOr<v1::ProbeRun> r) { created = r; });
    host_.manual_loop().RunUntilIdle();
    return created;
  }
  v1::ProbeRun GetRun(const std::string& name) {
    v1::ProbeRun run;
    manager_->GetProbeRun(
        name, [&](absl::StatusOr<v1::ProbeRun> r) { run = r.value_or(v1::ProbeRun()); });
    return run;
  }
  v1::ProbeRun FinishRun(const std::string& name) {
    host_.manual_loop().AdvanceUntil([&] { return GetRun(name).state() != v1::ProbeRun::RUNNING; },
                                     absl::Minutes(2));
    return GetRun(name);
  }
  static const v1::VantageReport& Of(const v1::ProbeRun& run, const std::string& node) {
    for (const v1::VantageReport& report : run.vantages()) {
      if (report.node() == "nodes/" + node) return report;
    }
    return v1::VantageReport::default_instance();
  }
};

TEST_F(ProbeRunRunTest, AnAddressIsProbedAtOnceFromEverywhere) {
  const v1::ProbeRun created = *CreateRun(TcpRequest("192.0.2.10"));
  auto recorder = std::make_shared<ProbeRunRecorder>();
  manager_->WatchProbeRun(created.name(), 0, recorder);
  const v1::ProbeRun done = FinishRun(created.name());
  EXPECT_EQ(done.state(), v1::ProbeRun::DONE);
  EXPECT_EQ(host_.sent().size(), 4u);
  for (const v1::VantageReport& report : done.vantages()) {
    EXPECT_EQ(report.state(), v1::VantageReport::OK);
    EXPECT_EQ(report.observations_size(), 1);
  }
  EXPECT_TRUE(recorder->GapFree(1));
  EXPECT_TRUE(recorder->events.front().has_accepted());
  EXPECT_TRUE(recorder->events.back().has_done());
  EXPECT_EQ(recorder->events.size(), 10u);  // accepted, 4 observations, 4 changes, done
  EXPECT_TRUE(recorder->ended->ok());
}

TEST_F(ProbeRunRunTest, ANameIsResolvedWhereItIsUsed) {
  host_.node("b").view.v4 = "192.0.2.20";
  host_.node("c").view.name = FakeTarget::Name::kNxdomain;
  const v1::ProbeRun done = FinishRun(CreateRun(TcpRequest("www.example.com"))->name());
  EXPECT_EQ(Of(done, "a").observations(1).spec().address(), "192.0.2.10");
  EXPECT_EQ(Of(done, "b").observations(1).spec().address(), "192.0.2.20");
  EXPECT_EQ(Of(done, "c").state(), v1::VantageReport::FAILED);
  EXPECT_THAT(Of(done, "c").reason(), testing::HasSubstr("does not resolve"));
  EXPECT_EQ(done.host(), "www.example.com");
  EXPECT_EQ(done.spec().address(), "");
}

TEST_F(ProbeRunRunTest, FamilyPreferenceIsFollowed) {
  for (const char* name : {"a", "b", "c", "d"}) {
    host_.node(name).view.v6 = "2001:db8::10";
    host_.node(name).node.mutable_capabilities()->set_ipv6(true);
  }
  v1::CreateProbeRunRequest request = TcpRequest("www.example.com");
  EXPECT_EQ(Of(FinishRun(CreateRun(request)->name()), "a").observations(2).spec().address(),
            "192.0.2.10");
  request.set_family(v1::IPV6);
  EXPECT_EQ(Of(FinishRun(CreateRun(request)->name()), "a").observations(1).spec().address(),
            "2001:db8::10");
}

TEST_F(ProbeRunRunTest, DnsProbesAskTheHost) {
  v1::CreateProbeRunRequest request;
  request.mutable_spec()->mutable_dns()->set_name("www.example.com");
  FinishRun(CreateRun(request)->name());
  EXPECT_EQ(host_.sent().back().command.spec().address(), "");
  request.set_host("192.0.2.53");
  FinishRun(CreateRun(request)->name());
  EXPECT_EQ(host_.sent().back().command.spec().address(), "192.0.2.53");
}

TEST_F(ProbeRunRunTest, AbsenceIsNeverFailure) {
  host_.node("a").view.service = Service::kDenied;
  host_.node("b").takes_commands = false;
  host_.node("c").answers = false;
  host_.node("d").view.service = Service::kHostSilent;
  const v1::ProbeRun done = FinishRun(CreateRun(TcpRequest("192.0.2.10"))->name());
  EXPECT_EQ(Of(done, "a").state(), v1::VantageReport::NOT_RUN);
  EXPECT_EQ(Of(done, "b").state(), v1::VantageReport::NOT_RUN);
  EXPECT_EQ(Of(done, "c").state(), v1::VantageReport::LOST);
  EXPECT_EQ(Of(done, "d").state(), v1::VantageReport::FAILED);
}

TEST_F(ProbeRunRunTest, LostNodesAndCommands) {
  for (const char* name : {"a", "b", "c"}) host_.node(name).answers = false;
  const v1::ProbeRun created = *CreateRun(TcpRequest("www.example.com"));
  const auto lose = [&](const std::string& node, absl::Status reason) {
    for (const FakeRunHost::SentCommand& sent : host_.sent()) {
      if (sent.node != node) continue;
      manager_->OnCommandLost(created.name(), node, sent.command.command_id(), reason);
    }
  };
  lose("nodes/a", absl::DeadlineExceededError("no slot in time"));
  lose("nodes/b", absl::UnavailableError("it restarted"));
  host_.LoseNode("c");
  const v1::ProbeRun done = FinishRun(created.name());
  EXPECT_EQ(Of(done, "a").state(), v1::VantageReport::NOT_RUN);
  EXPECT_EQ(Of(done, "b").state(), v1::VantageReport::LOST);
  EXPECT_EQ(Of(done, "b").reason(), "it restarted");
  EXPECT_EQ(Of(done, "c").state(), v1::VantageReport::LOST);
  EXPECT_EQ(Of(done, "d").state(), v1::VantageReport::OK);
}

TEST_F(ProbeRunRunTest, LiesAreDiscarded) {
  host_.node("a").distort = [](v1::Observation& observation) {
    observation.mutable_spec()->set_port(1);
  };
  host_.node("b").times = 2;
  const v1::ProbeRun done = FinishRun(CreateRun(TcpRequest("192.0.2.10"))->name());
  EXPECT_EQ(Of(done, "a").state(), v1::VantageReport::DISCARDED);
  EXPECT_EQ(Of(done, "a").observations_size(), 0);
  EXPECT_EQ(Of(done, "b").observations_size(), 1);
}

TEST_F(ProbeRunRunTest, CancelShutdownAndUnknownNames) {
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).answers = false;
  const std::string first = CreateRun(TcpRequest("192.0.2.10"))->name();
  v1::ProbeRun cancelled;
  manager_->CancelProbeRun(first, [&](absl::StatusOr<v1::ProbeRun> r) { cancelled = *r; });
  EXPECT_EQ(cancelled.state(), v1::ProbeRun::CANCELLED);
  EXPECT_EQ(host_.cancelled().size(), 4u);
  const std::string second = CreateRun(TcpRequest("192.0.2.10"))->name();
  manager_->Shutdown([] {});
  EXPECT_EQ(GetRun(second).state(), v1::ProbeRun::INTERRUPTED);
  EXPECT_EQ(CreateRun(TcpRequest("192.0.2.10")).status().code(), absl::StatusCode::kUnavailable);
  absl::Status unknown;
  manager_->GetProbeRun("probeRuns/x",
                        [&](absl::StatusOr<v1::ProbeRun> r) { unknown = r.status(); });
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  auto recorder = std::make_shared<ProbeRunRecorder>();
  manager_->WatchProbeRun("x", 0, recorder);
  EXPECT_EQ(recorder->ended->code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ProbeRunRunTest, TheSameRequestIdMakesOneRun) {
  v1::CreateProbeRunRequest request;
  request.set_host("192.0.2.10");
  request.set_request_id("id");
  request.mutable_spec()->mutable_http()->set_url("http://192.0.2.10/");
  for (int i = 0; i < 20; ++i) {
    (*request.mutable_spec()->mutable_http()->mutable_headers())[absl::StrCat("x-", i)] = "y";
  }
  const std::string name = CreateRun(request)->name();
  EXPECT_EQ(CreateRun(request)->name(), name);
  request.set_host("192.0.2.11");
  EXPECT_EQ(CreateRun(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ProbeRunRunTest, AnotherRunMayUseItsVantages) {
  v1::CreateProbeRunRequest request = TcpRequest("192.0.2.10");
  request.set_from("b,d");
  const std::string name = FinishRun(CreateRun(request)->name()).name();
  EXPECT_EQ(Create(Request("192.0.2.10", "@" + name))->vantages_size(), 2);
}

}  // namespace
}  // namespace probemesh::coordinator
