#include "coordinator/cli/exit_code.h"

#include <algorithm>

namespace probemesh::cli {
namespace {

bool AnyVantage(const v1::Diagnosis& diagnosis, v1::VantageReport::State state) {
  return std::any_of(diagnosis.vantages().begin(), diagnosis.vantages().end(),
                     [state](const v1::VantageReport& report) { return report.state() == state; });
}

enum class Look { kAnswered, kLossy, kFailed, kNone };

bool LostPackets(const v1::VantageReport& report) {
  return std::any_of(report.observations().begin(), report.observations().end(),
                     [](const v1::Observation& observation) {
                       return observation.icmp().received() < observation.icmp().sent();
                     });
}

Look LookOf(const v1::VantageReport& report) {
  switch (report.state()) {
    case v1::VantageReport::OK:
      return LostPackets(report) ? Look::kLossy : Look::kAnswered;
    case v1::VantageReport::FAILED:
      return Look::kFailed;
    default:
      return Look::kNone;
  }
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
