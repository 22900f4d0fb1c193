#include "coordinator/cli/exit_code.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/coordinator/cli/sample_messages.h"

namespace probemesh::cli {
namespace {

using Report = v1::VantageReport;

v1::Diagnosis Judged(v1::Judgement::Verdict verdict, const std::vector<Report::State>& states) {
  v1::Diagnosis diagnosis;
  diagnosis.set_state(v1::Diagnosis::DONE);
  diagnosis.mutable_diagnosis()->set_verdict(verdict);
  for (const Report::State state : states) diagnosis.add_vantages()->set_state(state);
  return diagnosis;
}

struct Case {
  v1::Judgement::Verdict verdict;
  std::vector<Report::State> states;
  ExitCode expected;
};

TEST(ExitCodeOfDiagnosis, FollowsTheContract) {
  const std::vector<Case> cases = {
      {v1::Judgement::HEALTHY, {Report::OK, Report::OK}, ExitCode::kHealthy},
      {v1::Judgement::HEALTHY, {Report::OK, Report::DISCARDED}, ExitCode::kHealthy},
      {v1::Judgement::DEGRADED, {Report::OK, Report::FAILED}, ExitCode::kPartial},
      {v1::Judgement::PATH_FAILURE, {Report::OK, Report::FAILED}, ExitCode::kPartial},
      {v1::Judgement::PATH_FAILURE, {Report::FAILED, Report::DISCARDED}, ExitCode::kUnusable},
      {v1::Judgement::FILTERED, {Report::OK, Report::FAILED}, ExitCode::kPartial},
      {v1::Judgement::FILTERED, {Report::FAILED, Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::SERVICE_DOWN, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::HOST_DOWN, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::SITE_DOWN, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::TARGET_SILENT, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::PREFIX_UNREACHABLE, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::NAME_FAILURE, {Report::FAILED}, ExitCode::kUnusable},
      {v1::Judgement::INCONCLUSIVE, {Report::FAILED}, ExitCode::kUnknown},
      {v1::Judgement::VANTAGE_FAULT, {Report::FAILED}, ExitCode::kUnknown},
      {v1::Judgement::VERDICT_UNSPECIFIED, {Report::OK}, ExitCode::kUnknown},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ExitCodeOf(Judged(c.verdict, c.states)), c.expected)
        << v1::Judgement::Verdict_Name(c.verdict);
  }
}

TEST(ExitCodeOfDiagnosis, NothingLookedIsUnknownWhateverTheVerdict) {
  for (const Report::State state : {Report::DISCARDED, Report::NOT_RUN, Report::LOST}) {
    EXPECT_EQ(ExitCodeOf(Judged(v1::Judgement::HOST_DOWN, {state})), ExitCode::kUnknown);
    EXPECT_EQ(ExitCodeOf(Judged(v1::Judgement::HEALTHY, {state})), ExitCode::kUnknown);
  }
  EXPECT_EQ(ExitCodeOf(Judged(v1::Judgement::HEALTHY, {})), ExitCode::kUnknown);
}

TEST(ExitCodeOfDiagnosis, UnfinishedIsUnknown) {
  v1::Diagnosis diagnosis = Judged(v1::Judgement::HEALTHY, {Report::OK});
  for (const auto state :
       {v1::Diagnosis::RUNNING, v1::Diagnosis::CANCELLED, v1::Diagnosis::INTERRUPTED}) {
    diagnosis.set_state(state);
    EXPECT_EQ(ExitCodeOf(diagnosis), ExitCode::kUnknown);
  }
}

v1::ProbeRun RunOf(const std::vector<v1::Outcome>& outcomes) {
  v1::ProbeRun run;
  run.set_state(v1::ProbeRun::DONE);
  for (const v1::Outcome outcome : outcomes) {
    run.add_vantages()->add_observations()->set_outcome(outcome);
  }
  return run;
}

TEST(ExitCodeOfProbeRun, CountsOnlyVantagesThatCouldLook) {
  EXPECT_EQ(ExitCodeOf(RunOf({v1::ANSWERED, v1::ANSWERED})), ExitCode::kHealthy);
  EXPECT_EQ(ExitCodeOf(RunOf({v1::ANSWERED, v1::NOT_RUN})), ExitCode::kHealthy);
  EXPECT_EQ(ExitCodeOf(RunOf({v1::ANSWERED, v1::SILENT})), ExitCode::kPartial);
  EXPECT_EQ(ExitCodeOf(RunOf({v1::REFUSED, v1::SILENT})), ExitCode::kUnusable);
  EXPECT_EQ(ExitCodeOf(RunOf({v1::REFUSED, v1::LOCAL_ERROR})), ExitCode::kUnusable);
  EXPECT_EQ(ExitCodeOf(RunOf({v1::LOCAL_ERROR, v1::NOT_RUN})), ExitCode::kUnknown);
  EXPECT_EQ(ExitCodeOf(RunOf({})), ExitCode::kUnknown);
}

TEST(ExitCodeOfProbeRun, LossIsPartial) {
  v1::ProbeRun run = RunOf({v1::ANSWERED});
  v1::IcmpEvidence& icmp = *run.mutable_vantages(0)->mutable_observations(0)->mutable_icmp();
  icmp.set_sent(3);
  icmp.set_received(2);
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kPartial);
}

TEST(ExitCodeOfProbeRun, LostVantagesDoNotCount) {
  v1::ProbeRun run = RunOf({v1::ANSWERED, v1::SILENT});
  run.mutable_vantages(1)->set_state(Report::LOST);
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kHealthy);
  run.set_state(v1::ProbeRun::CANCELLED);
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kUnknown);
}

TEST(ExitCodeOfStatus, OnlyInvalidArgumentIsUsage) {
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("bad target")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("no node matches")), ExitCode::kUnknown);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("unreachable")), ExitCode::kUnknown);
}

}  // namespace
}  // namespace probemesh::cli
