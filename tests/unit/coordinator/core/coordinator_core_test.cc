// The core as a whole, runs included, between scripted nodes and scripted callers.
#include "coordinator/core/coordinator_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "coordinator/core/make_core.h"
#include "tests/unit/coordinator/core/core_test_util.h"

namespace probemesh::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class CoordinatorCoreTest : public ::testing::Test {
 protected:
  CoordinatorCoreTest() {
    for (const std::string name : {"nodes/a", "nodes/b"}) {
      StoredNode node;
      node.name = name;
      EXPECT_TRUE(store_.PutNode(node).ok());
    }
    Start();
  }

  void Start() {
    core_.reset();
    CoreOptions options;
    options.loop = &loop_;
    options.random = &random_;
    options.store = &executor_;
    options.signer = &signer_;
    options.counters = &counters_;
    options.initial = *LoadInitialState(store_);
    options.version = "1.2.3";
    options.controls = {"192.0.2.1:443"};
    core_ = MakeCore(std::move(options));
  }

  struct Node {
    SessionId session = 0;
    uint64_t sequence = 0;
    size_t answered = 0;
    std::shared_ptr<FakeSink> sink = std::make_shared<FakeSink>();
  };

  Node& Join(const std::string& name) {
    Node& node = nodes_[name];
    node = Node();
    PeerIdentity peer;
    peer.node = name;
    node.session = core_->OpenSession(peer, node.sink);
    v1::NodeMessage message;
    message.mutable_hello()->set_spool_generation(7);
    message.mutable_hello()->set_free_slots(4);
    message.mutable_hello()->mutable_capabilities()->set_ipv4(true);
    core_->OnSessionMessage(node.session, message);
    loop_.RunUntilIdle();
    return node;
  }

  // Every command that the node was sent and has not answered gets the outcome.
  void Answer(const std::string& name, v1::Outcome outcome) {
    Node& node = nodes_[name];
    for (; node.answered < node.sink->messages.size(); ++node.answered) {
      const v1::CoordinatorMessage& asked = node.sink->messages[node.answered];
      if (!asked.has_run_probe()) continue;
      v1::NodeMessage message;
      message.mutable_result()->set_spool_generation(7);
      message.mutable_result()->set_sequence(++node.sequence);
      v1::Observation& observation = *message.mutable_result()->mutable_observation();
      observation.set_command_id(asked.run_probe().command_id());
      *observation.mutable_spec() = asked.run_probe().spec();
      observation.set_outcome(outcome);
      core_->OnSessionMessage(node.session, message);
    }
    loop_.RunUntilIdle();
  }

  v1::ProbeRun CreateRun() {
    v1::CreateProbeRunRequest request;
    request.set_host("192.0.2.80");
    request.mutable_spec()->set_port(80);
    request.mutable_spec()->mutable_tcp();
    absl::StatusOr<v1::ProbeRun> run;
    core_->CreateProbeRun(request,
                          [&](absl::StatusOr<v1::ProbeRun> reply) { run = std::move(reply); });
    loop_.RunUntilIdle();
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *run : v1::ProbeRun();
  }

  v1::ProbeRun GetRun(const std::string& name) {
    absl::StatusOr<v1::ProbeRun> run;
    core_->GetProbeRun(name, [&](absl::StatusOr<v1::ProbeRun> reply) { run = std::move(reply); });
    loop_.RunUntilIdle();
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *run : v1::ProbeRun();
  }

  ManualEventLoop loop_;
  MemoryStore store_;
  InlineStoreExecutor executor_{store_, loop_};
  SeededRandom random_{7};
  FakeSigner signer_;
  CoreCounters counters_;
  std::unique_ptr<Core> core_;
  std::map<std::string, Node> nodes_;
};

TEST_F(CoordinatorCoreTest, SaysWhatItIs) {
  Join("nodes/a");
  const v1::CoordinatorInfo info = core_->Info();
  EXPECT_EQ(info.version(), "1.2.3");
  EXPECT_THAT(info.controls(), ElementsAre("192.0.2.1:443"));
  EXPECT_EQ(info.connected_nodes(), 1u);
  EXPECT_EQ(FromProto(info.start_time()), absl::FromUnixSeconds(1767225600));
}

TEST_F(CoordinatorCoreTest, DiagnosesAreCountedByTheirVerdict) {
  Join("nodes/a");
  Join("nodes/b");
  v1::CreateDiagnosisRequest request;
  request.mutable_spec()->set_target("192.0.2.80:80");
  absl::StatusOr<v1::Diagnosis> diagnosis;
  core_->CreateDiagnosis(
      request, [&](absl::StatusOr<v1::Diagnosis> reply) { diagnosis = std::move(reply); });
  loop_.RunUntilIdle();
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  EXPECT_TRUE(counters_.diagnoses_by_verdict.empty());
  loop_.AdvanceUntil([&] { return !counters_.diagnoses_by_verdict.empty(); }, absl::Minutes(1));
  ASSERT_THAT(counters_.diagnoses_by_verdict, SizeIs(1));
  EXPECT_EQ(counters_.diagnoses_by_verdict.begin()->second, 1u);
  core_->GetDiagnosis(diagnosis->name(),
                      [&](absl::StatusOr<v1::Diagnosis> reply) { diagnosis = std::move(reply); });
  loop_.RunUntilIdle();
  EXPECT_EQ(v1::Judgement::Verdict_Name(diagnosis->diagnosis().verdict()),
            counters_.diagnoses_by_verdict.begin()->first);
}

TEST_F(CoordinatorCoreTest, ARunAsksTheNodesAndHearsTheirAnswers) {
  Join("nodes/a");
  Join("nodes/b");
  const v1::ProbeRun run = CreateRun();
  EXPECT_THAT(run.vantages(), SizeIs(2));
  Answer("nodes/a", v1::ANSWERED);
  EXPECT_EQ(GetRun(run.name()).state(), v1::ProbeRun::RUNNING);
  Answer("nodes/b", v1::SILENT);
  const v1::ProbeRun done = GetRun(run.name());
  EXPECT_EQ(done.state(), v1::ProbeRun::DONE);
  EXPECT_EQ(done.vantages(0).state(), v1::VantageReport::OK);
  EXPECT_EQ(done.vantages(1).state(), v1::VantageReport::FAILED);
  EXPECT_THAT(*store_.ObservationsOf(run.name()), SizeIs(2));
}

TEST_F(CoordinatorCoreTest, ANodeThatLeavesIsLostNotFailed) {
  Join("nodes/a");
  const Node& leaver = Join("nodes/b");
  const v1::ProbeRun run = CreateRun();
  core_->OnSessionClosed(leaver.session, absl::UnavailableError("reset"));
  Answer("nodes/a", v1::ANSWERED);
  const v1::ProbeRun done = GetRun(run.name());
  EXPECT_EQ(done.state(), v1::ProbeRun::DONE);
  EXPECT_EQ(done.vantages(1).state(), v1::VantageReport::LOST);
}

TEST_F(CoordinatorCoreTest, AShutdownDrainsInterruptsAndStores) {
  const Node& node = Join("nodes/a");
  const v1::ProbeRun run = CreateRun();
  bool done = false;
  core_->Shutdown([&done] { done = true; });
  EXPECT_TRUE(std::any_of(node.sink->messages.begin(), node.sink->messages.end(),
                          [](const auto& message) { return message.has_drain(); }));
  loop_.AdvanceBy(absl::Milliseconds(100));
  EXPECT_TRUE(done);
  EXPECT_EQ(node.sink->CloseCode(), absl::StatusCode::kUnavailable);
  absl::StatusOr<v1::ProbeRun> late;
  core_->CreateProbeRun({}, [&](absl::StatusOr<v1::ProbeRun> reply) { late = std::move(reply); });
  EXPECT_TRUE(absl::IsUnavailable(late.status()));
}

TEST_F(CoordinatorCoreTest, AShutdownCommitsWhatHasArrived) {
  Join("nodes/a");
  const v1::ProbeRun run = CreateRun();
  executor_.Hold();
  Answer("nodes/a", v1::ANSWERED);
  bool done = false;
  core_->Shutdown([&done] { done = true; });
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(done);
  executor_.Release();
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_TRUE(done);
  EXPECT_EQ(nodes_["nodes/a"].sink->LastAck(), 1u);
  EXPECT_THAT(*store_.ObservationsOf(run.name()), SizeIs(1));
}

TEST_F(CoordinatorCoreTest, AShutdownDoesNotWaitForADeadStore) {
  Join("nodes/a");
  executor_.Hold();
  bool done = false;
  core_->Shutdown([&done] { done = true; });
  loop_.AdvanceBy(kShutdownGrace);
  EXPECT_TRUE(done);
}

TEST_F(CoordinatorCoreTest, DestroyedInTheMiddleOfEverythingItLeavesNothingBehind) {
  Join("nodes/a");
  CreateRun();
  executor_.Hold();
  Answer("nodes/a", v1::ANSWERED);
  core_.reset();
  executor_.Release();
  loop_.AdvanceBy(absl::Minutes(2));
  EXPECT_EQ(loop_.timer_count(), 0u);
}

TEST_F(CoordinatorCoreTest, StartingClosesWhatAnEarlierProcessLeftRunning) {
  v1::Diagnosis diagnosis;
  diagnosis.set_name("diagnoses/1");
  diagnosis.set_state(v1::Diagnosis::RUNNING);
  ASSERT_TRUE(store_.PutDiagnosis(diagnosis, {}).ok());
  const auto initial = LoadInitialState(store_);
  ASSERT_TRUE(initial.ok());
  EXPECT_EQ(initial->interrupted_diagnoses, 1);
  EXPECT_THAT(initial->nodes, SizeIs(2));
  EXPECT_EQ(store_.GetDiagnosis("diagnoses/1")->state(), v1::Diagnosis::INTERRUPTED);
  store_.FailWith(absl::UnavailableError("disk"));
  EXPECT_TRUE(absl::IsUnavailable(LoadInitialState(store_).status()));
}

}  // namespace
}  // namespace probemesh::coordinator
