#include "coordinator/diagnosis/diagnose.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "coordinator/diagnosis/evidence_view.h"
#include "coordinator/diagnosis/family_verdict.h"
#include "coordinator/diagnosis/judge.h"
#include "coordinator/diagnosis/vantage_gate.h"
#include "coordinator/diagnosis/vantage_report.h"

namespace probemesh::coordinator {

absl::string_view RulesetVersion() { return "4"; }

DiagnosisResult Diagnose(const v1::EvidenceBundle& bundle) {
  const EvidenceView view = ViewEvidence(bundle, v1::ADDRESS_FAMILY_UNSPECIFIED);
  const Gate gate = GateVantages(view);
  DiagnosisResult result;
  const std::optional<v1::Judgement> by_family = JudgeByFamily(bundle, view.families);
  result.judgement = by_family ? *by_family : Judge(view, gate);
  result.judgement.set_ruleset_version(std::string(RulesetVersion()));
  result.judgement.set_evidence_digest(EvidenceDigest(bundle));
  result.vantages = MakeReports(bundle, gate);
  for (v1::VantageReport& report : result.vantages) {
    if (report.state() != v1::VantageReport::STATE_UNSPECIFIED) continue;
    report.set_state(v1::VantageReport::NOT_RUN);
    report.set_reason("no probe of the target has a result");
  }
  return result;
}

std::vector<v1::VantageReport> ReportVantages(const v1::EvidenceBundle& bundle) {
  const EvidenceView view = ViewEvidence(bundle, v1::ADDRESS_FAMILY_UNSPECIFIED);
  return MakeReports(bundle, GateVantages(view));
}

}  // namespace probemesh::coordinator
