#include "coordinator/cli/exit_code.h"

#include <algorithm>

namespace probemesh::cli {
namespace {

bool AnyVantage(const v1::Diagnosis& diagnosis, v1::VantageReport::State state) {
  return std::any_of(diagnosis.vantages().begin(), diagnosis.vantages().end(),
                     [state](const v1::VantageReport& report) { return report.state() == state; });
}

enum class Look { kAnswered, kLossy, kFailed, kNone };

bool SawTheNetwork(const v1::Observation& observation) {
  switch (observation.outcome()) {
    case v1::OUTCOME_UNSPECIFIED:
    case v1::LOCAL_ERROR:
    case v1::NOT_RUN:
    case v1::CANCELLED:
      return false;
    default:
      return true;
  }
}

Look LookOf(const v1::VantageReport& report) {
  if (report.state() != v1::VantageReport::OK && report.state() != v1::VantageReport::FAILED &&
      report.state() != v1::VantageReport::STATE_UNSPECIFIED) {
    return Look::kNone;
  }
  Look look = Look::kNone;
  for (const v1::Observation& observation : report.observations()) {
    if (!SawTheNetwork(observation)) continue;
    if (observation.outcome() != v1::ANSWERED) return Look::kFailed;
    const bool lossy =
        observation.has_icmp() && observation.icmp().received() < observation.icmp().sent();
    if (lossy || look == Look::kLossy) {
      look = Look::kLossy;
    } else {
      look = Look::kAnswered;
    }
  }
  return look;
}

}  // namespace

ExitCode ExitCodeOf(const v1::Diagnosis& diagnosis) {
  if (diagnosis.state() != v1::Diagnosis::DONE) return ExitCode::kUnknown;
  const bool some_ok = AnyVantage(diagnosis, v1::VantageReport::OK);
  const bool some_failed = AnyVantage(diagnosis, v1::VantageReport::FAILED);
  if (!some_ok && !some_failed) return ExitCode::kUnknown;
  switch (diagnosis.diagnosis().verdict()) {
    case v1::Judgement::HEALTHY:
      return some_ok ? ExitCode::kHealthy : ExitCode::kUnknown;
    case v1::Judgement::DEGRADED:
      return ExitCode::kPartial;
    case v1::Judgement::SERVICE_DOWN:
    case v1::Judgement::HOST_DOWN:
    case v1::Judgement::SITE_DOWN:
    case v1::Judgement::TARGET_SILENT:
    case v1::Judgement::FILTERED:
    case v1::Judgement::PATH_FAILURE:
    case v1::Judgement::PREFIX_UNREACHABLE:
    case v1::Judgement::NAME_FAILURE:
      return some_ok ? ExitCode::kPartial : ExitCode::kUnusable;
    default:
      return ExitCode::kUnknown;
  }
}

ProbeTally TallyOf(const v1::ProbeRun& run) {
  ProbeTally tally;
  for (const v1::VantageReport& report : run.vantages()) {
    const Look look = LookOf(report);
    tally.answered += look == Look::kAnswered || look == Look::kLossy;
    tally.lossy += look == Look::kLossy;
    tally.failed += look == Look::kFailed;
    tally.not_looked += look == Look::kNone;
  }
  return tally;
}

ExitCode ExitCodeOf(const v1::ProbeRun& run) {
  const ProbeTally tally = TallyOf(run);
  if (run.state() != v1::ProbeRun::DONE || tally.answered + tally.failed == 0) {
    return ExitCode::kUnknown;
  }
  if (tally.answered == 0) return ExitCode::kUnusable;
  return tally.failed + tally.lossy > 0 ? ExitCode::kPartial : ExitCode::kHealthy;
}

ExitCode ExitCodeOf(const absl::Status& error) {
  if (error.ok()) return ExitCode::kHealthy;
  return absl::IsInvalidArgument(error) ? ExitCode::kUsage : ExitCode::kUnknown;
}

}  // namespace probemesh::cli
