// The public API over real gRPC, with a fake core behind it.
#include <gmock/gmock.h>

#include "common/rpc/status_bridge.h"
#include "probemesh/v1/diagnosis_service.grpc.pb.h"
#include "probemesh/v1/fleet_service.grpc.pb.h"
#include "probemesh/v1/probe_service.grpc.pb.h"
#include "tests/integration/coordinator_fixture.h"

namespace probemesh::coordinator {
namespace {

using testing::Contains;
using testing::ElementsAre;

class ApiTest : public CoordinatorFixture {
 protected:
  // Calls one method of a stub with a deadline.
  template <typename Request, typename Response, typename Stub>
  absl::Status Call(const Stub& stub,
                    grpc::Status (Stub::element_type::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    return FromGrpc(((*stub).*method)(&context, request, response));
  }

  std::vector<std::string> Calls() {
    std::vector<std::string> calls;
    OnLoop([&] { calls = core_.calls; });
    return calls;
  }

  static v1::DiagnosisEvent Event(uint64_t sequence) {
    v1::DiagnosisEvent event;
    event.set_sequence(sequence);
    return event;
  }

  std::shared_ptr<grpc::Channel> channel_ = OperatorChannel();
  std::unique_ptr<v1::DiagnosisService::Stub> diagnoses_ = v1::DiagnosisService::NewStub(channel_);
  std::unique_ptr<v1::ProbeService::Stub> probes_ = v1::ProbeService::NewStub(channel_);
  std::unique_ptr<v1::FleetService::Stub> fleet_ = v1::FleetService::NewStub(channel_);
  grpc::ClientContext context_;
};

// One call of every unary method, as the core sees it.
TEST_F(ApiTest, EveryUnaryMethodReachesTheCore) {
  using D = v1::DiagnosisService::Stub;
  using P = v1::ProbeService::Stub;
  using F = v1::FleetService::Stub;
  const auto ask = [this](const auto& stub, auto method, auto request, auto response) {
    grpc::ClientContext context;
    SetTestDeadline(&context);
    const grpc::Status status = ((*stub).*method)(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  };
  const auto named = [](auto request, const std::string& name) {
    request.set_name(name);
    return request;
  };
  ask(diagnoses_, &D::CreateDiagnosis, v1::CreateDiagnosisRequest(), v1::Diagnosis());
  ask(diagnoses_, &D::GetDiagnosis, named(v1::GetDiagnosisRequest(), "d"), v1::Diagnosis());
  ask(diagnoses_, &D::ListDiagnoses, v1::ListDiagnosesRequest(), v1::ListDiagnosesResponse());
  ask(diagnoses_, &D::CancelDiagnosis, named(v1::CancelDiagnosisRequest(), "d"), v1::Diagnosis());
  ask(diagnoses_, &D::GetEvidenceBundle, named(v1::GetEvidenceBundleRequest(), "d"),
      v1::EvidenceBundle());
  ask(probes_, &P::CreateProbeRun, v1::CreateProbeRunRequest(), v1::ProbeRun());
  ask(probes_, &P::GetProbeRun, named(v1::GetProbeRunRequest(), "p"), v1::ProbeRun());
  ask(probes_, &P::CancelProbeRun, named(v1::CancelProbeRunRequest(), "p"), v1::ProbeRun());
  ask(fleet_, &F::ListNodes, v1::ListNodesRequest(), v1::ListNodesResponse());
  ask(fleet_, &F::GetNode, named(v1::GetNodeRequest(), "n"), v1::Node());
  ask(fleet_, &F::DrainNode, named(v1::DrainNodeRequest(), "n"), v1::Node());
  ask(fleet_, &F::UndrainNode, named(v1::UndrainNodeRequest(), "n"), v1::Node());
  ask(fleet_, &F::RevokeNode, named(v1::RevokeNodeRequest(), "n"), v1::Node());
  ask(fleet_, &F::CreateJoinToken, v1::CreateJoinTokenRequest(), v1::CreateJoinTokenResponse());
  ask(fleet_, &F::ListJoinTokens, v1::ListJoinTokensRequest(), v1::ListJoinTokensResponse());
  ask(fleet_, &F::RevokeJoinToken, named(v1::RevokeJoinTokenRequest(), "t"), v1::JoinToken());
  EXPECT_THAT(Calls(),
              ElementsAre("CreateDiagnosis diagnoses/1", "GetDiagnosis d", "ListDiagnoses",
                          "CancelDiagnosis d", "GetEvidenceBundle d", "CreateProbeRun probeRuns/1",
                          "GetProbeRun p", "CancelProbeRun p", "ListNodes ", "GetNode n",
                          "DrainNode n", "UndrainNode n", "RevokeNode n", "CreateJoinToken ",
                          "ListJoinTokens", "RevokeJoinToken t"));
  EXPECT_EQ(counters_.calls, 16u);
}

TEST_F(ApiTest, AnswersComeBack) {
  v1::CoordinatorInfo info;
  EXPECT_TRUE(Call(fleet_, &v1::FleetService::Stub::GetCoordinatorInfo,
                   v1::GetCoordinatorInfoRequest(), &info)
                  .ok());
  EXPECT_EQ(info.version(), "fake");
}

TEST_F(ApiTest, ErrorsKeepTheirCodeAndReason) {
  OnLoop([&] { core_.answer = WithReason(absl::NotFoundError("no such node"), "NODE_UNKNOWN"); });
  v1::Node node;
  const absl::Status status =
      Call(fleet_, &v1::FleetService::Stub::GetNode, v1::GetNodeRequest(), &node);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no such node");
  EXPECT_EQ(ReasonOf(status), "NODE_UNKNOWN");
}

TEST_F(ApiTest, ANodeMayNotCallIt) {
  const auto channel = NodeChannel("fra-1");
  const auto fleet = v1::FleetService::NewStub(channel);
  v1::ListNodesResponse response;
  EXPECT_EQ(
      Call(fleet, &v1::FleetService::Stub::ListNodes, v1::ListNodesRequest(), &response).code(),
      absl::StatusCode::kPermissionDenied);
  const auto diagnoses = v1::DiagnosisService::NewStub(channel);
  SetTestDeadline(&context_);
  const auto events = diagnoses->Diagnose(&context_, v1::CreateDiagnosisRequest());
  EXPECT_EQ(events->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(Calls().empty());
  EXPECT_EQ(counters_.calls_refused, 2u);
}

TEST_F(ApiTest, CallsThatNobodyAnswersEndWithTheCore) {
  OnLoop([&] { core_.hold_replies = true; });
  v1::Node node;
  absl::Status status;
  std::thread caller([&] {
    status = Call(fleet_, &v1::FleetService::Stub::GetNode, v1::GetNodeRequest(), &node);
  });
  ASSERT_TRUE(LoopUntil([&] { return core_.held.size() == 1; }));
  OnLoop([&] { core_.held.clear(); });
  caller.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(LoopUntil([&] { return counters_.calls_in_flight == 0; }));
}

TEST_F(ApiTest, AWatchFollowsToTheEnd) {
  v1::WatchDiagnosisRequest request;
  request.set_name("diagnoses/7");
  request.set_after_sequence(3);
  SetTestDeadline(&context_);
  const auto events = diagnoses_->WatchDiagnosis(&context_, request);
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.size() == 1; }));
  OnLoop([&] {
    const auto watcher = core_.diagnosis_watchers[0];
    EXPECT_EQ(watcher.name, "diagnoses/7");
    EXPECT_EQ(watcher.after_sequence, 3u);
    for (uint64_t i = 4; i < 104; ++i) watcher.sink->Publish(Event(i));
    watcher.sink->End(absl::OkStatus());
  });
  v1::DiagnosisEvent event;
  for (uint64_t i = 4; i < 104; ++i) {
    ASSERT_TRUE(events->Read(&event));
    EXPECT_EQ(event.sequence(), i);
  }
  EXPECT_FALSE(events->Read(&event));
  EXPECT_TRUE(events->Finish().ok());
}

TEST_F(ApiTest, LeavingAWatchCancelsNothing) {
  v1::WatchDiagnosisRequest request;
  request.set_name("diagnoses/7");
  SetTestDeadline(&context_);
  const auto events = diagnoses_->WatchDiagnosis(&context_, request);
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.size() == 1; }));
  context_.TryCancel();
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.empty(); }));
  events->Finish();
  EXPECT_THAT(Calls(), ElementsAre("WatchDiagnosis diagnoses/7", "Unwatch"));
}

TEST_F(ApiTest, DiagnoseCreatesAndWatches) {
  v1::CreateDiagnosisRequest request;
  request.set_request_id("r1");
  SetTestDeadline(&context_);
  const auto events = diagnoses_->Diagnose(&context_, request);
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.size() == 1; }));
  OnLoop([&] {
    EXPECT_EQ(core_.last_diagnosis.request_id(), "r1");
    const auto watcher = core_.diagnosis_watchers[0];
    EXPECT_EQ(watcher.name, "diagnoses/1");
    watcher.sink->Publish(Event(1));
    watcher.sink->End(absl::OkStatus());
  });
  v1::DiagnosisEvent event;
  ASSERT_TRUE(events->Read(&event));
  EXPECT_FALSE(events->Read(&event));
  EXPECT_TRUE(events->Finish().ok());
  ASSERT_TRUE(LoopUntil([&] { return core_.calls.back() == "Unwatch"; }));
  EXPECT_THAT(Calls(), testing::Not(Contains("CancelDiagnosis diagnoses/1")));
}

TEST_F(ApiTest, LeavingDiagnoseCancelsTheDiagnosis) {
  SetTestDeadline(&context_);
  const auto events = diagnoses_->Diagnose(&context_, v1::CreateDiagnosisRequest());
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.size() == 1; }));
  context_.TryCancel();
  ASSERT_TRUE(LoopUntil([&] {
    return std::count(core_.calls.begin(), core_.calls.end(), "CancelDiagnosis diagnoses/1") == 1;
  }));
  events->Finish();
}

TEST_F(ApiTest, LeavingDiagnoseBeforeItIsCreatedCancelsItToo) {
  OnLoop([&] { core_.hold_replies = true; });
  SetTestDeadline(&context_);
  const auto events = diagnoses_->Diagnose(&context_, v1::CreateDiagnosisRequest());
  ASSERT_TRUE(LoopUntil([&] { return core_.held.size() == 1; }));
  context_.TryCancel();
  events->Finish();
  ASSERT_TRUE(LoopUntil([&] { return core_.unwatch_count == 1; }));
  OnLoop([&] {
    const auto late_reply = core_.held[0];
    core_.held.clear();
    core_.hold_replies = false;
    late_reply();
    EXPECT_THAT(core_.calls,
                ElementsAre("CreateDiagnosis diagnoses/1", "CancelDiagnosis diagnoses/1"));
  });
}

TEST_F(ApiTest, DiagnoseFailsAsItsCreationDoes) {
  OnLoop([&] { core_.answer = absl::InvalidArgumentError("bad target"); });
  SetTestDeadline(&context_);
  const auto events = diagnoses_->Diagnose(&context_, v1::CreateDiagnosisRequest());
  const grpc::Status status = events->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "bad target");
}

TEST_F(ApiTest, ProbeCreatesWatchesAndCancels) {
  SetTestDeadline(&context_);
  const auto events = probes_->Probe(&context_, v1::CreateProbeRunRequest());
  ASSERT_TRUE(LoopUntil([&] { return core_.probe_watchers.size() == 1; }));
  OnLoop([&] { core_.probe_watchers[0].sink->Publish(v1::ProbeRunEvent()); });
  v1::ProbeRunEvent event;
  ASSERT_TRUE(events->Read(&event));
  context_.TryCancel();
  ASSERT_TRUE(LoopUntil([&] { return core_.probe_watchers.empty(); }));
  events->Finish();
  EXPECT_THAT(Calls(), Contains("CancelProbeRun probeRuns/1"));
}

TEST_F(ApiTest, ASlowWatcherIsEndedAndMayResume) {
  v1::WatchDiagnosisRequest request;
  SetTestDeadline(&context_);
  const auto events = diagnoses_->WatchDiagnosis(&context_, request);
  ASSERT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.size() == 1; }));
  OnLoop([&] {
    v1::DiagnosisEvent big;
    big.mutable_accepted()->set_name(std::string(1 << 20, 'x'));
    for (int i = 0; i < 64; ++i) core_.diagnosis_watchers[0].sink->Publish(big);
  });
  v1::DiagnosisEvent event;
  int received = 0;
  while (events->Read(&event)) ++received;
  EXPECT_LT(received, 64);
  const absl::Status status = FromGrpc(events->Finish());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "SLOW_WATCHER");
  EXPECT_EQ(counters_.watchers_overflowed, 1u);
  EXPECT_TRUE(LoopUntil([&] { return core_.diagnosis_watchers.empty(); }));
}

TEST_F(ApiTest, AnOversizedRequestIsRefused) {
  v1::GetNodeRequest request;
  request.set_name(std::string(kMaxMessageBytes + 1, 'x'));
  v1::Node node;
  EXPECT_EQ(Call(fleet_, &v1::FleetService::Stub::GetNode, request, &node).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Calls().empty());
}

}  // namespace
}  // namespace probemesh::coordinator
