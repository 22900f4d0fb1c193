#include "coordinator/runs/diagnosis_run.h"

#include "common/base/proto_time.h"
#include "coordinator/planner/schedule.h"
#include "tests/unit/coordinator/runs/run_fixture.h"

namespace probemesh::coordinator {
namespace {

using Service = FakeTarget::Service;
constexpr char kTarget[] = "https://www.example.com/";

class DiagnosisRunTest : public RunFixture {};

TEST_F(DiagnosisRunTest, HealthyServiceIsDoneQuicklyAndTellsEverything) {
  const v1::Diagnosis created = *Create(Request(kTarget));
  EXPECT_EQ(created.state(), v1::Diagnosis::RUNNING);
  EXPECT_EQ(created.target(), kTarget);
  EXPECT_EQ(created.vantages_size(), 4);
  const auto recorder = Watch(created.name());
  const v1::Diagnosis done = Finish(created.name());
  EXPECT_EQ(done.state(), v1::Diagnosis::DONE);
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
  EXPECT_LT(FromProto(done.elapsed()), absl::Milliseconds(200));
  ASSERT_EQ(done.vantages_size(), 4);
  for (const v1::VantageReport& report : done.vantages()) {
    EXPECT_EQ(report.state(), v1::VantageReport::OK);
    EXPECT_GE(report.observations_size(), 6);
  }
  EXPECT_TRUE(recorder->GapFree(1));
  EXPECT_TRUE(recorder->events.front().has_accepted());
  EXPECT_EQ(recorder->events.front().accepted().state(), v1::Diagnosis::RUNNING);
  EXPECT_TRUE(recorder->events.back().has_done());
  EXPECT_EQ(recorder->events.back().done().ShortDebugString(), done.ShortDebugString());
  ASSERT_TRUE(recorder->ended.has_value());
  EXPECT_TRUE(recorder->ended->ok());
}

TEST_F(DiagnosisRunTest, TotalSilenceGetsProvisionalJudgementsAndEndsInTime) {
  SetService(Service::kHostSilent);
  const v1::Diagnosis created = *Create(Request(kTarget));
  const auto recorder = Watch(created.name());
  const v1::Diagnosis done = Finish(created.name());
  EXPECT_LE(FromProto(done.elapsed()), kDefaultDeadline);
  ASSERT_EQ(done.provisional_size(), 2);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(done.provisional(0).offset())), 1.2, 0.01);
  EXPECT_NEAR(absl::ToDoubleSeconds(FromProto(done.provisional(1).offset())), 3.0, 0.01);
  int provisional = 0;
  int changes = 0;
  for (const v1::DiagnosisEvent& event : recorder->events) {
    provisional += event.has_provisional();
    changes += event.has_vantage_changed();
    EXPECT_EQ(event.vantage_changed().observations_size(), 0);
  }
  EXPECT_EQ(provisional, 2);
  EXPECT_EQ(changes, 4);  // each to FAILED, once
}

TEST_F(DiagnosisRunTest, LostNodesAreLostAndNeverFailed) {
  SetService(Service::kHostSilent);
  const v1::Diagnosis created = *Create(Request(kTarget));
  const auto recorder = Watch(created.name());
  host_.manual_loop().AdvanceBy(absl::Milliseconds(1500));
  host_.LoseNode("b");
  const v1::Diagnosis done = Finish(created.name());
  EXPECT_EQ(ReportOf(done, "b").state(), v1::VantageReport::LOST);
  EXPECT_EQ(ReportOf(done, "b").reason(), "its session ended");
  EXPECT_EQ(ReportOf(done, "a").state(), v1::VantageReport::FAILED);
  bool told = false;
  for (const v1::DiagnosisEvent& event : recorder->events) {
    told = told || event.vantage_changed().state() == v1::VantageReport::LOST;
  }
  EXPECT_TRUE(told);
}

TEST_F(DiagnosisRunTest, ANodeThatNeverAnswersIsLostToo) {
  host_.node("c").answers = false;
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  EXPECT_LE(FromProto(done.elapsed()), kDefaultDeadline + kDeadlineGrace);
  EXPECT_EQ(ReportOf(done, "c").state(), v1::VantageReport::LOST);
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
}

TEST_F(DiagnosisRunTest, ANodeThatTakesNoCommandDidNotRun) {
  host_.node("c").takes_commands = false;
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  EXPECT_LT(FromProto(done.elapsed()), absl::Milliseconds(200));
  EXPECT_EQ(ReportOf(done, "c").state(), v1::VantageReport::NOT_RUN);
}

TEST_F(DiagnosisRunTest, ANodeWhoseOwnerRefusesDidNotRun) {
  host_.node("c").view.service = Service::kDenied;
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  EXPECT_LT(FromProto(done.elapsed()), absl::Milliseconds(300));
  EXPECT_EQ(ReportOf(done, "c").state(), v1::VantageReport::NOT_RUN);
  EXPECT_THAT(ReportOf(done, "c").reason(), testing::HasSubstr("owner"));
}

TEST_F(DiagnosisRunTest, EachCommandCountsOnce) {
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).times = 3;
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  std::set<std::string> commands;
  int observations = 0;
  for (const v1::VantageReport& report : done.vantages()) {
    for (const v1::Observation& observation : report.observations()) {
      commands.insert(observation.command_id());
      ++observations;
    }
  }
  EXPECT_EQ(commands.size(), static_cast<size_t>(observations));
}

TEST_F(DiagnosisRunTest, ANodeCannotAnswerForAnother) {
  const v1::Diagnosis created = *Create(Request(kTarget));
  v1::Observation forged;
  forged.set_outcome(v1::ANSWERED);
  for (const FakeRunHost::SentCommand& sent : host_.sent()) {
    if (sent.node != "nodes/a") continue;
    forged.set_command_id(sent.command.command_id());
    *forged.mutable_spec() = sent.command.spec();
    forged.set_node("nodes/b");
    manager_->OnObservation(created.name(), forged);
    manager_->OnCommandLost(created.name(), "nodes/b", forged.command_id(), absl::OkStatus());
  }
  forged.set_command_id("never-sent");
  manager_->OnObservation(created.name(), forged);
  manager_->OnObservation("diagnoses/unknown", forged);
  const v1::Diagnosis done = Finish(created.name());
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
  EXPECT_GE(ReportOf(done, "a").observations_size(), 6);
}

TEST_F(DiagnosisRunTest, AnswersToOtherQuestionsAreNotBelieved) {
  host_.node("a").distort = [](v1::Observation& observation) {
    observation.mutable_spec()->set_address("198.51.100.99");
    observation.set_outcome(v1::REFUSED);
  };
  host_.node("b").distort = [](v1::Observation& observation) {
    observation.set_detail(std::string(200000, 'x'));
  };
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  EXPECT_EQ(ReportOf(done, "a").observations_size(), 0);
  EXPECT_EQ(ReportOf(done, "b").observations_size(), 0);
  EXPECT_EQ(ReportOf(done, "a").state(), v1::VantageReport::LOST);
  EXPECT_EQ(ReportOf(done, "c").state(), v1::VantageReport::OK);
}

TEST_F(DiagnosisRunTest, TheEndCancelsWhatIsStillUnderWay) {
  for (const char* name : {"a", "b", "c", "d"}) {
    host_.node(name).view.echo = false;  // its echo request would wait to the deadline
  }
  Finish(Create(Request(kTarget))->name());
  EXPECT_EQ(host_.cancelled().size(), 4u);
}

TEST_F(DiagnosisRunTest, LateResultsChangeNothing) {
  for (const char* name : {"a", "b", "c", "d"}) host_.node(name).view.echo = false;
  const v1::Diagnosis done = Finish(Create(Request(kTarget))->name());
  host_.manual_loop().AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(Get(done.name())->ShortDebugString(), done.ShortDebugString());
}

TEST_F(DiagnosisRunTest, CommandsThatExpireInTheQueueAreNoEvidence) {
  host_.node("a").answers = false;
  const v1::Diagnosis created = *Create(Request(kTarget));
  for (const FakeRunHost::SentCommand& sent : host_.sent()) {
    if (sent.node == "nodes/a") {
      manager_->OnCommandLost(created.name(), "nodes/a", sent.command.command_id(),
                              absl::DeadlineExceededError("no slot"));
    }
  }
  const v1::Diagnosis done = Finish(created.name());
  EXPECT_NE(ReportOf(done, "a").state(), v1::VantageReport::FAILED);
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::HEALTHY);
}

TEST_F(DiagnosisRunTest, EveryNodeGoneEndsTheRun) {
  const v1::Diagnosis created = *Create(Request(kTarget));
  for (const char* name : {"a", "b", "c", "d"}) host_.LoseNode(name);
  const v1::Diagnosis done = Finish(created.name(), absl::Milliseconds(10));
  EXPECT_EQ(done.state(), v1::Diagnosis::DONE);
  EXPECT_EQ(done.diagnosis().verdict(), v1::Judgement::INCONCLUSIVE);
}

TEST_F(DiagnosisRunTest, BundleCarriesWhatTheJudgementIsAFunctionOf) {
  host_.node("a").node.mutable_self_check()->add_controls()->set_tcp_ok(true);
  v1::CreateDiagnosisRequest request = Request(kTarget, "a,b");
  request.mutable_spec()->add_neighbors("192.0.2.11:80");
  const std::string name = Create(request)->name();
  const v1::Diagnosis done = Finish(name);
  v1::EvidenceBundle bundle;
  manager_->GetEvidenceBundle(name, [&](absl::StatusOr<v1::EvidenceBundle> reply) {
    bundle = reply.value_or(v1::EvidenceBundle());
  });
  EXPECT_EQ(bundle.format(), 1u);
  EXPECT_EQ(bundle.diagnosis(), name);
  EXPECT_EQ(bundle.target().host(), "www.example.com");
  EXPECT_EQ(bundle.spec().ShortDebugString(), request.spec().ShortDebugString());
  EXPECT_EQ(bundle.controls_size(), 2);
  ASSERT_EQ(bundle.vantages_size(), 2);
  EXPECT_EQ(bundle.vantages(0).group(), "as-a");
  EXPECT_EQ(bundle.vantages(0).labels().at("site"), "as-a");
  EXPECT_TRUE(bundle.vantages(0).capabilities().ipv4());
  EXPECT_TRUE(bundle.vantages(0).self_check().controls(0).tcp_ok());
  EXPECT_EQ(bundle.elapsed().nanos(), done.elapsed().nanos());
  absl::Duration last;
  for (const v1::Observation& observation : bundle.observations()) {
    EXPECT_GE(FromProto(observation.arrival_offset()), last);
    last = FromProto(observation.arrival_offset());
  }
  EXPECT_LE(last, FromProto(bundle.elapsed()));
  EXPECT_EQ(CountedDiagnosis(bundle).judgement.summary(), done.diagnosis().summary());
}

TEST_F(DiagnosisRunTest, ProvisionalHealthIsToldWhileOneVantageIsSlow) {
  host_.node("d").view.rtt = absl::Milliseconds(700);
  host_.node("d").view.name = FakeTarget::Name::kSilent;
  const std::string name = Create(Request(kTarget))->name();
  const v1::Diagnosis done = Finish(name);
  ASSERT_GE(done.provisional_size(), 1);
  EXPECT_LT(FromProto(done.provisional(0).offset()), absl::Milliseconds(300));
  EXPECT_EQ(done.provisional(0).verdict(), v1::Judgement::HEALTHY);
}

}  // namespace
}  // namespace probemesh::coordinator
