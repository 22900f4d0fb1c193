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

v1::ProbeRun RunOf(const std::vector<Report::State>& states) {
  v1::ProbeRun run;
  run.set_state(v1::ProbeRun::DONE);
  for (const Report::State state : states) run.add_vantages()->set_state(state);
  return run;
}

TEST(ExitCodeOfProbeRun, CountsOnlyVantagesThatCouldLook) {
  EXPECT_EQ(ExitCodeOf(RunOf({Report::OK, Report::OK})), ExitCode::kHealthy);
  EXPECT_EQ(ExitCodeOf(RunOf({Report::OK, Report::NOT_RUN})), ExitCode::kHealthy);
  EXPECT_EQ(ExitCodeOf(RunOf({Report::OK, Report::LOST})), ExitCode::kHealthy);
  EXPECT_EQ(ExitCodeOf(RunOf({Report::OK, Report::FAILED})), ExitCode::kPartial);
  EXPECT_EQ(ExitCodeOf(RunOf({Report::FAILED, Report::DISCARDED})), ExitCode::kUnusable);
  EXPECT_EQ(ExitCodeOf(RunOf({Report::DISCARDED, Report::NOT_RUN})), ExitCode::kUnknown);
  EXPECT_EQ(ExitCodeOf(RunOf({})), ExitCode::kUnknown);
}

TEST(ExitCodeOfProbeRun, LossIsPartial) {
  v1::ProbeRun run = RunOf({Report::OK});
  v1::IcmpEvidence& icmp = *run.mutable_vantages(0)->add_observations()->mutable_icmp();
  icmp.set_sent(3);
  icmp.set_received(2);
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kPartial);
}

// The lookup before the probe itself may fail in one family without any harm.
TEST(ExitCodeOfProbeRun, LookupsDoNotCount) {
  v1::ProbeRun run = RunOf({Report::OK});
  run.mutable_vantages(0)->add_observations()->set_outcome(v1::BAD_ANSWER);
  EXPECT_EQ(ExitCodeOf(run), ExitCode::kHealthy);
}

TEST(ExitCodeOfProbeRun, UnfinishedIsUnknown) {
  v1::ProbeRun run = RunOf({Report::OK});
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
